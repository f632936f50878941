package attach

import (
	"context"
	"errors"
	"slices"

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
// the others.
func (s *Set) attachKernelMulti(ctx context.Context, list []*plan.Attach) {
	if ctx.Err() != nil {
		return
	}
	err := s.linkKernelMulti(list)
	n := len(list)
	switch {
	case err == nil:
	case n > 1 && (errors.Is(err, unix.ESRCH) || errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOENT)):
		s.attachKernelMulti(ctx, list[:n/2])
		s.attachKernelMulti(ctx, list[n/2:])
	default:
		for _, a := range list {
			s.failed(a, err)
		}
	}
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
	link, err := sys.LinkKprobes(s.prog(list[0]), &k)
	if err != nil {
		return err
	}
	count := len(list)
	if k.Session {
		count *= 2
	}
	s.hold(link, -1, count)
	return nil
}
