package opt

// constraint: the first pass must stand before the second in the table, for the
// reason.
type constraint struct{ before, after, why string }

var constraints = []constraint{
	{"unreachable", "params", "edges from unreachable blocks would count as different arguments"},
	{"params", "fold", "a parameter that is the same everywhere hides what it is from all rules"},
	{"fold", "cse", "operands of commutative operations are put in order, so that equal ones look equal"},
	{"address", "loads", "loads through one base with an offset are recognised as the same place"},
	{"cse", "loads", "addresses that are equal must be one value to be compared"},
	{"cse", "branches", "equal comparisons must be of one value to decide each other"},
	{"loads", "deadstores", "a store stays alive for loads that forwarding removes"},
	{"branches", "deadstores", "paths that are never taken read nothing"},
	{"deadstores", "deadcode", "what was stored may now be unused"},
	{"deadcode", "loops", "nothing unused gets hoisted"},
	{"loops", "sink", "what comes out of an inner loop may still go into a branch"},
	{"deadcode", "sink", "unused values would count as uses"},
	{"loads", "immediates", "forwarding knows what was stored from the value"},
	{"deadstores", "mergestores", "a merged store can't be half dead"},
	{"immediates", "mergestores", "only stores of immediates are merged"},
	{"mergestores", "late deadcode", "merging leaves addresses unused"},
	{"immediates", "late deadcode", "constants lose their users"},
	{"late deadcode", "slots", "unused addresses keep slots"},
	{"late deadcode", "functions", "unused addresses of functions keep them"},
	{"late deadcode", "layout", "layout looks at what is left"},
	{"branches", "layout", "no pass after layout may change edges"},
}

func init() {
	at := map[string]int{}
	for i, p := range passes {
		if i > 0 && p.phase < passes[i-1].phase {
			panic("opt: pass " + p.name + " stands after a pass of a later phase")
		}
		at[p.name] = i
	}
	for _, c := range constraints {
		i, ok1 := at[c.before]
		j, ok2 := at[c.after]
		if !ok1 || !ok2 || i >= j {
			panic("opt: pass " + c.before + " must stand before " + c.after + ": " + c.why)
		}
	}
}
