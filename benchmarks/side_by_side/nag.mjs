// Runs cdk-nag over templates and prints, by template, the ids of what it finds: node nag.mjs <folder of templates>
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { createRequire } from "node:module";

const require = createRequire(join(process.cwd(), "package.json"));
const { App, Aspects, Stack } = require("aws-cdk-lib");
const { CfnInclude } = require("aws-cdk-lib/cloudformation-include");
const nag = require("cdk-nag");

const found = {};
for (const file of readdirSync(process.argv[2]).sort()) {
  const stack = new Stack(new App({ context: { "@aws-cdk/core:newStyleStackSynthesis": false } }), "Estate");
  new CfnInclude(stack, "Template", { templateFile: join(process.argv[2], file) });
  for (const pack of [nag.AwsSolutionsChecks, nag.NIST80053R5Checks, nag.PCIDSS321Checks]) Aspects.of(stack).add(new pack());
  const assembly = stack.node.root.synth();
  const texts = assembly.getStackByName("Estate").messages.map((message) => String(message.entry.data));
  found[file.replace(".json", "")] = [...new Set(texts.map((text) => text.split(/[:\[]/)[0].trim()))];
}
console.log(JSON.stringify(found));
