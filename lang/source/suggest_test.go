package source

import "testing"

func TestClosest(t *testing.T) {
	names := []string{"comm", "count", "cpu", "exit", "printf", "retval", "sched_switch", "str", "tid"}
	for word, want := range map[string]string{
		"com": "comm", "cuont": "count", "prinft": "printf", "PRINTF": "printf", "retvall": "retval",
		"sched_swich": "sched_switch", "ti": "tid", "xyzzy": "", "comm": "", "": "", "zz": "",
	} {
		if got := Closest(word, names); got != want {
			t.Errorf("Closest(%q) = %q, want %q", word, got, want)
		}
	}
}
