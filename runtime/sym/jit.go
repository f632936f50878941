package sym

import (
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"

	"sonde/lang/types"
	"sonde/runtime/proc"
)

// jitted tells that a mapping may hold code that was made at run time.
func jitted(m *proc.Mapping) bool {
	return m.Path == "" || strings.HasPrefix(m.Path, "[anon") || strings.HasPrefix(m.Path, "//anon") ||
		strings.HasPrefix(m.Path, "/memfd:") || m.Path == "[heap]"
}

// perfMap is the table that just-in-time compilers write to /tmp/perf-PID.map,
// in the form that the perf tool defined: "start size name", hexadecimal.
type perfMap struct {
	list []jitSymbol
	size int64 // of the file when it was read
}

type jitSymbol struct {
	start, end uint64
	name       string
}

// maxPerfMap bounds what is read, bytes: any process can write such a file.
const maxPerfMap = 256 << 20

// lookupJIT looks into the table, and reads it again when it has grown.
func (u *User) lookupJIT(pid uint32, p *process, frame types.Frame) (types.Frame, bool) {
	if p.jit != nil {
		if s, ok := p.jit.find(frame.Addr); ok {
			return s.frame(frame), true
		}
	}
	name := filepath.Join(proc.Dir(u.opt.Root, int(pid), "root"), "tmp", "perf-"+ownPID(u.opt.Root, pid)+".map")
	st, err := os.Stat(name)
	if err != nil || !st.Mode().IsRegular() || st.Size() > maxPerfMap || p.jit != nil && p.jit.size == st.Size() {
		return frame, false
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return frame, false
	}
	p.jit = &perfMap{parsePerfMap(string(text)), st.Size()}
	if s, ok := p.jit.find(frame.Addr); ok {
		return s.frame(frame), true
	}
	return frame, false
}

func (s jitSymbol) frame(f types.Frame) types.Frame {
	f.Name, f.Offset = s.name, f.Addr-s.start
	return f
}

func parsePerfMap(text string) []jitSymbol {
	var list []jitSymbol
	for line := range strings.Lines(text) {
		start, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		size, name, _ := strings.Cut(rest, " ")
		a, err1 := strconv.ParseUint(strings.TrimPrefix(start, "0x"), 16, 64)
		n, err2 := strconv.ParseUint(strings.TrimPrefix(size, "0x"), 16, 64)
		if err1 == nil && err2 == nil && name != "" {
			list = append(list, jitSymbol{a, a + n, name})
		}
	}
	// Code is replaced in place: of several names for an address the last counts.
	slices.Reverse(list)
	slices.SortStableFunc(list, func(a, b jitSymbol) int {
		switch {
		case a.start < b.start:
			return -1
		case a.start > b.start:
			return 1
		}
		return 0
	})
	return slices.CompactFunc(list, func(a, b jitSymbol) bool { return a.start == b.start })
}

func (m *perfMap) find(address uint64) (jitSymbol, bool) {
	i := sort.Search(len(m.list), func(i int) bool { return m.list[i].start > address }) - 1
	if i >= 0 && address < m.list[i].end {
		return m.list[i], true
	}
	return jitSymbol{}, false
}

// ownPID gives the pid that the process knows itself by: in a container it is
// another than ours.
func ownPID(root string, pid uint32) string {
	text, err := os.ReadFile(proc.Dir(root, int(pid), "status"))
	if err == nil {
		for line := range strings.Lines(string(text)) {
			if rest, ok := strings.CutPrefix(line, "NSpid:"); ok {
				if ids := strings.Fields(rest); len(ids) > 0 {
					return ids[len(ids)-1]
				}
			}
		}
	}
	return strconv.FormatUint(uint64(pid), 10)
}
