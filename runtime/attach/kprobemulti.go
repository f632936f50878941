package attach

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"sonde/codegen/plan"
	"sonde/runtime/sys"
)

// kernelMultis groups the attachments to kernel functions that go through one link, by
// program. Of a session it has those to the entries; the returns come with them.
func (s *Set) kernelMultis() [][]*plan.Attach {
	var groups [][]*plan.Attach
	at := map[int]int{}
	for _, a := range s.plan.Attach {
		how, ok := a.How.(plan.Kprobe)
		if !ok || s.single(a) || how.Return && s.kind(a) == ebpf.AttachTraceKprobeSession {
			continue
		}
		i, ok := at[a.Program]
		if !ok {
			i = len(groups)
			at[a.Program] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], a)
	}
	// The kernel runs what was attached last first.
	slices.Reverse(groups)
	return groups
}

// attachKernelMulti attaches a program to functions by one link. When the kernel can
// not find one of them, it halves the list to find out which; more links hold
// the others. That one has a kprobe of its own.
func (s *Set) attachKernelMulti(ctx context.Context, list []*plan.Attach) {
	if ctx.Err() != nil {
		return
	}
	err := s.linkKernelMulti(list)
	n := len(list)
	switch {
	case err == nil:
	case n > 1 && unreachable(err):
		s.attachKernelMulti(ctx, list[:n/2])
		s.attachKernelMulti(ctx, list[n/2:])
		return
	case n == 1 && unreachable(err) && s.kind(list[0]) == ebpf.AttachTraceKprobeMulti:
		if err := s.singleKprobe(list[0]); err != nil {
			s.failed(list[0], err)
		}
	default:
		for _, a := range list {
			s.failed(a, err)
		}
	}
	s.tried.Add(int64(n))
}

// unreachable tells that the function tracer, which such links are made of, has no hold
// on one of the functions.
func unreachable(err error) bool {
	return errors.Is(err, unix.ESRCH) || errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOENT)
}

// singleKprobe attaches by a perf event where a link to many can't: kprobes sit on
// instructions, and get into functions that the function tracer keeps away from. The
// program has to be loaded again for that.
func (s *Set) singleKprobe(a *plan.Attach) error {
	fd, err := s.other(a.Program)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.instead[a] = fd
	s.mu.Unlock()
	return s.kprobe(a, a.How.(plan.Kprobe))
}

// other gives a program as it is loaded for perf events.
func (s *Set) other(program int) (int, error) {
	s.mu.Lock()
	other := s.others[program]
	if other == nil {
		other = sync.OnceValues(func() (int, error) { return s.Reload(program, ebpf.AttachNone) })
		s.others[program] = other
	}
	s.mu.Unlock()
	return other()
}

func (s *Set) linkKernelMulti(list []*plan.Attach) error {
	k := sys.KprobeMulti{Session: s.kind(list[0]) == ebpf.AttachTraceKprobeSession}
	cookies := false
	for _, a := range list {
		how := a.How.(plan.Kprobe)
		k.Return = how.Return
		k.Symbols = append(k.Symbols, how.Symbol)
		k.Cookies = append(k.Cookies, a.Cookie)
		cookies = cookies || a.Cookie != 0
	}
	if !cookies {
		k.Cookies = nil
	}
	begin := time.Now()
	link, err := sys.LinkKprobes(s.prog(list[0]), &k)
	s.inKernel(begin)
	if err != nil {
		return err
	}
	count := len(list)
	if k.Session {
		count *= 2
	}
	s.countsMisses(list[0], link)
	s.hold(link, -1, count)
	return nil
}
