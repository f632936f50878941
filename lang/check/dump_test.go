package check_test

import (
	"testing"

	"sonde/lang/check"
	"sonde/lang/check/checktest"
	"sonde/lang/check/hosttest"
	"sonde/lang/parse"
	"sonde/lang/source"
	"sonde/lang/source/golden"
)

// TestTypes compares what was found out about the scripts of testdata/check/types
// with the dumps next to them.
func TestTypes(t *testing.T) {
	golden.Archives(t, "../../testdata/check/types/*.txt", func(t *testing.T, a *golden.Archive) {
		script := string(a.Files[0].Data)
		p, list := run(t, checktest.New(), source.NewFile("script", script), options(script))
		for _, d := range list {
			t.Errorf("%s", d.Error())
		}
		a.Expect(t, "types", check.Dump(p))
	})
}

func BenchmarkCheck(b *testing.B) {
	text := `tracepoint:sched:sched_switch { @start[args.prev_pid] = nsecs; if (@start[args.next_pid]) { @us[args.next_comm] = sum((nsecs - @start[args.next_pid]) / 1000); } }`
	lib, host := checktest.New(), hosttest.New()
	script, _ := parse.Parse(source.NewFile("bench", text), parse.Options{})
	b.ReportAllocs()
	for b.Loop() {
		check.Check(script, lib, host, nil)
	}
}
