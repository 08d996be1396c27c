"""What the project claims about its own cost, as ratios beside a peer that is measured in the same run."""
