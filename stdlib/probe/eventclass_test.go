package probe

import (
	"slices"
	"strings"
	"testing"

	"sonde/lang/types"
	"sonde/runtime/feature/featuretest"
	"sonde/runtime/host"
)

// What BTF says of a trace event's record is what its format file says: always where the
// class is the event's own, and for all but a few where the class is found by likelihood.
func TestEventRecords(t *testing.T) {
	featuretest.NeedRoot(t)
	h := host.New(host.Options{})
	names, err := h.Tracepoints("*", "*")
	if err != nil {
		t.Fatal(err)
	}
	own, right, wrong := 0, 0, 0
	for i, name := range names {
		category, event, _ := strings.Cut(name, ":")
		if category == syscalls || category != "sched" && i%8 != 0 {
			continue
		}
		known := knownRecord(category, event, true, h.Arch(), h.BTF())
		if known == nil {
			continue
		}
		format, _, err := h.TracepointFormat(category, event)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		same := slices.Equal(places(format), places(known))
		switch {
		case h.BTF().Struct("struct", classRecord+event) == nil && same:
			right++
		case h.BTF().Struct("struct", classRecord+event) == nil:
			t.Logf("%s is taken for a %s", name, known)
			wrong++
		case same:
			own++
		default:
			t.Errorf("%s: the format has %v, BTF %v", name, places(format), places(known))
		}
	}
	t.Logf("%d have their own class; of the others %d are known, %d are taken for what they are not", own, right, wrong)
	_, described := h.BTF().Func("", classFunc+"sched_wakeup_template") // not where only what can be traced is
	if own == 0 || (right > 0) != described || wrong*10 > right {
		t.Error("that is too few")
	}
}

// place is where a member lies, and how.
type place struct {
	name    string
	offset  int
	dynamic bool
}

func places(record *types.Struct) []place {
	var list []place
	for _, f := range record.Fields() {
		if !f.Hidden {
			list = append(list, place{f.Name, f.Offset, f.Dynamic})
		}
	}
	return list
}
