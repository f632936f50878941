package runtest

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"sonde/runtime/feature/featuretest"
)

// TestThrottled: samples that the kernel holds back are told of. It holds back more than
// the setting says, which is lowered for the while.
func TestThrottled(t *testing.T) {
	featuretest.NeedRoot(t)
	const setting = "/proc/sys/kernel/perf_event_max_sample_rate"
	before, err := os.ReadFile(setting)
	if err != nil {
		t.Fatal(err)
	}
	set := func(to string) {
		if err := os.WriteFile(setting, []byte(to), 0); err != nil {
			t.Fatal(err)
		}
	}
	defer set(strings.TrimSpace(string(before)))
	set("500")
	warning := regexp.MustCompile(`stdin:1:1-15: WARNING: profile:us:500 was held up \d+ times?, each up to the next tick`)
	// A usual rate is no matter; a slow machine lowers the setting by itself.
	for probe, held := range map[string]bool{"profile:us:500": true, "profile:hz:99": false} {
		r := trace(t, "-e", probe+" { @ = count(); } interval:s:1 { exit(); }")
		status, out, errs := r.wait(t)
		if status != 0 || !strings.Contains(out, "@: ") || warning.MatchString(errs) != held {
			t.Errorf("%s: status %d, printed %s%s", probe, status, out, errs)
		}
	}
}

// TestInfo: scripts look for these lines in what the tool says of the kernel.
func TestInfo(t *testing.T) {
	featuretest.NeedRoot(t)
	status, out, errs := trace(t, "--info").wait(t)
	for _, line := range []string{
		`  OS: Linux .*`, `  Arch: .*`, `  version: .*`, `  dpath: (yes|no)`, `  get_tai_ns: (yes|no)`, `  get_func_ip: (yes|no)`,
		`  lookup_percpu_elem: (yes|no)`, `  loop: (yes|no)`, `  Instruction limit: 1000000`, `  btf: yes`, `  module btf: (yes|no)`,
		`  kprobe_multi: (yes|no)`, `  uprobe_multi: (yes|no)`, `  kprobe_session: (yes|no)`, `  iter: yes`,
	} {
		if !regexp.MustCompile(`(?m)^` + line + `$`).MatchString(out) {
			t.Errorf("no line %s: status %d, printed %s%s", line, status, out, errs)
		}
	}
}
