"""An estate's nights at twenty times their speed: drift checks, small runs, people, faults; what may grow, and what may not."""
