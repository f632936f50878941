package probe

import (
	"sonde/codegen/plan"
	"sonde/lang/check"
	"sonde/stdlib/record"
)

// Test runs once, to find out whether something is as it should be.
var Test = trial("test", check.Testing, plan.OnTest, `Runs once when the script is run with --test, and is left out otherwise.
A test passes if it returns 0 (or nothing), reports no error (see errorf) and does not
exit with a code other than 0. What it prints is shown only if it fails. Tests run one
after another, as they are written; begin probes run before the first of them, end
probes after the last. The exit status of sonde is 1 if a test failed.`,
	record.Example{Script: `test:sum { assert(1 + 1 == 2, "arithmetic"); }`},
	record.Example{Script: `test:fails { print("shown because the test fails"); return 1; }`})
