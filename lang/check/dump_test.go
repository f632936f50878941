package check_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/tools/txtar"

	"sonde/lang/check"
	"sonde/lang/check/checktest"
	"sonde/lang/check/hosttest"
	"sonde/lang/parse"
	"sonde/lang/source"
)

var update = flag.Bool("update", false, "rewrite the expected types")

// TestTypes compares what was found out about the scripts of testdata/check/types
// with the dumps next to them.
func TestTypes(t *testing.T) {
	files, err := filepath.Glob("../../testdata/check/types/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			ar, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			script := string(ar.Files[0].Data)
			p, list := run(t, checktest.New(), source.NewFile("script", script), options(script))
			for _, d := range list {
				t.Errorf("%s", d.Error())
			}
			got := check.Dump(p)
			if *update {
				ar.Files = append(ar.Files[:1], txtar.File{Name: "types", Data: []byte(got)})
				if err := os.WriteFile(name, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if len(ar.Files) < 2 || got != string(ar.Files[1].Data) {
				t.Errorf("got:\n%s", got)
			}
		})
	}
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
