package runtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"sonde/runtime/feature/featuretest"
)

// TestOutputFile: with -o, all that is output goes to the file, also what says that
// something is missing; standard output stays empty.
func TestOutputFile(t *testing.T) {
	featuretest.NeedRoot(t)
	const script = `config = { max_map_keys = 1 } begin { @a[1] = 1; @a[2] = 1; @a[3] = 1; printf("said\n"); exit(); }`
	const full = `Map full; can't update element of @a. A larger max_map_keys in the config, or in the map's declaration, gives it room.`
	for format, want := range map[string]string{
		"json": `{"type": "attached_probes", "count": 1, "data": {"probes": 1}}
{"type": "printf", "data": "said\n"}
{"type": "helper_error", "msg": "` + full + `", "helper": "map_update_elem", "retcode": -7, "filename": "stdin", "line": 1, "col": 39, "count": 2}
{"type": "map", "data": {"@a": {"1": 1}}}
`,
		"text": "said\n\n\n@a[1]: 1\n",
	} {
		file := filepath.Join(t.TempDir(), "out")
		if err := os.WriteFile(file, []byte("what was there before, and is longer than what comes; "+full), 0o600); err != nil {
			t.Fatal(err)
		}
		r := trace(t, "-f", format, "-o", file, "-e", script)
		status, out, errs := r.wait(t)
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if status != 0 || out != "" || string(got) != want {
			t.Errorf("status %d, printed %q, said %s\nwrote\n%s\nexpected\n%s", status, out, errs, got, want)
		}
	}
}

// TestNoOutput: a standard output that is closed from the start is nothing that ends a
// script.
func TestNoOutput(t *testing.T) {
	featuretest.NeedRoot(t)
	cmd := exec.Command("sh", "-c", `exec "$0" -q -e "$1" >&-`, tool, `begin { printf("lost\n"); exit(5); }`)
	if out, err := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != 5 || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}
