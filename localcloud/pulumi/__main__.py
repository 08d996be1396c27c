"""`python -m localcloud.pulumi` prints the path of the engine, which it builds first if there is none."""

import sys

from localcloud.errors import LocalCloudError
from localcloud.pulumi.engine import find_or_build

if __name__ == "__main__":
    try:
        print(find_or_build().executable)
    except LocalCloudError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("interrupted: nothing half built is left")
