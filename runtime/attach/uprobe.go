package attach

import (
	"errors"
	"io/fs"
	"slices"
	"time"

	"github.com/cilium/ebpf"

	"sonde/codegen/plan"
	"sonde/runtime/sys"
)

// refCounterShift is where a uprobe event's config has the file offset of the
// USDT semaphore (format/ref_ctr_offset, kernel 4.20).
const refCounterShift = 32

// uprobe attaches to a place in a file through the perf event kind of that name (kernel
// 4.17).
func (s *Set) uprobe(a *plan.Attach, how plan.Uprobe) error {
	kind, err := s.uprobeKind()
	if errors.Is(err, fs.ErrNotExist) {
		return errNoUprobes
	}
	if err != nil {
		return err
	}
	e := sys.PerfEvent{
		Type: kind, Config: how.RefCounter << refCounterShift, Path: how.Path, Number: how.Offset, PID: -1, CPU: -1,
	}
	if how.Return {
		e.Config |= returnProbe
	}
	// The kernel runs the program in all threads of the process.
	if e.PID = how.PID; how.PID == 0 {
		e.PID = -1
		if e.CPU, err = s.firstCPU(); err != nil {
			return err
		}
	}
	event, err := s.open(&e)
	if err != nil {
		return err
	}
	return s.run(a, event, 1)
}

// multi is what one link can hold: places of one file.
type multi struct {
	prog int
	path string
	ret  bool
	pid  int
	list []*plan.Attach
}

// multis groups attachments of uprobes by the links that they can share.
func (s *Set) multis() []*multi {
	var groups []*multi
	for _, a := range s.plan.Attach {
		u, ok := a.How.(plan.Uprobe)
		if !ok || s.kind(a) != ebpf.AttachTraceUprobeMulti {
			continue
		}
		i := slices.IndexFunc(groups, func(g *multi) bool {
			return g.prog == a.Program && g.path == u.Path && g.ret == u.Return && g.pid == u.PID
		})
		if i < 0 {
			i = len(groups)
			groups = append(groups, &multi{prog: a.Program, path: u.Path, ret: u.Return, pid: u.PID})
		}
		groups[i].list = append(groups[i].list, a)
	}
	// The kernel runs what was attached last first.
	slices.Reverse(groups)
	return groups
}

func (s *Set) attachMulti(g *multi) {
	defer func() { s.tried.Add(int64(len(g.list))) }()
	err := s.linkMulti(g, g.list)
	switch {
	case err == nil:
	case len(g.list) == 1:
		s.failed(g.list[0], err)
	default:
		// One of the places is to blame; find out which.
		for _, a := range g.list {
			if err := s.linkMulti(g, []*plan.Attach{a}); err != nil {
				s.failed(a, err)
			}
		}
	}
}

// linkMulti attaches a group's program to the places of list by one link.
func (s *Set) linkMulti(g *multi, list []*plan.Attach) error {
	u := sys.UprobeMulti{Path: g.path, Return: g.ret, PID: g.pid}
	cookies, counters := false, false
	for _, a := range list {
		how := a.How.(plan.Uprobe)
		u.Offsets = append(u.Offsets, how.Offset)
		u.Cookies = append(u.Cookies, a.Cookie)
		u.RefCounters = append(u.RefCounters, how.RefCounter)
		cookies = cookies || a.Cookie != 0
		counters = counters || how.RefCounter != 0
	}
	if !cookies {
		u.Cookies = nil
	}
	if !counters {
		u.RefCounters = nil
	}
	begin := time.Now()
	link, err := sys.LinkUprobes(s.prog(list[0]), &u)
	s.inKernel(begin)
	if err != nil {
		return err
	}
	s.hold(link, -1, len(list))
	return nil
}
