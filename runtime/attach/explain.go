package attach

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"sonde/codegen/plan"
	"sonde/lang/source"
)

var (
	errUnknown   = errors.New("there is no way to attach it")
	errNoTracefs = errors.New("tracefs is not mounted")
	errNoKprobes = errors.New("this kernel has no kprobes (CONFIG_KPROBE_EVENTS)")
	errNoUprobes = errors.New("this kernel has no uprobes (CONFIG_UPROBE_EVENTS)")
	errNoTestRun = errors.New("this kernel can not run such programs by itself (Linux 5.10)")
	errNoCookies = errors.New("this kernel has no attach cookies (Linux 5.15)")
)

// explain says why an attachment failed, and what to do.
func explain(a *plan.Attach, err error) *source.Diagnostic {
	var d *source.Diagnostic
	if errors.As(err, &d) {
		return d
	}
	reason, hint := reasonFor(a.How, err)
	if k, ok := a.How.(plan.Kprobe); ok && errors.Is(err, unix.EILSEQ) {
		return source.Errorf(a.Span, "attach", "Possible attachment attempt in the middle of an instruction, try a different offset.").
			WithNote(source.Span{}, "no instruction begins at %s", kprobeName(k))
	}
	return source.Errorf(a.Span, "attach", "Unable to attach probe: %s: %s", a.Name, reason).WithHint("%s", hint)
}

const missingHint = "if this is expected, set the config variable missing_probes to \"warn\""

// reasonFor puts an errno into words, by what the mechanism means by it.
func reasonFor(how plan.Mechanism, err error) (reason, hint string) {
	is := func(e error) bool { return errors.Is(err, e) }
	switch {
	case is(errNoTracefs):
		return err.Error(), "mount it: mount -t tracefs nodev /sys/kernel/tracing"
	case is(unix.EMFILE), is(unix.ENFILE):
		return "no file descriptors left", "raise the limit: ulimit -n 65536"
	case is(unix.ENOMEM):
		return "the kernel has no memory for it", "attach to fewer places"
	case is(unix.EPERM), is(unix.EACCES):
		return "the kernel does not permit it", "kernel.perf_event_paranoid, kernel lockdown or a security module forbid it, or a capability (CAP_PERFMON) is missing: run as root"
	}
	switch how := how.(type) {
	case plan.PerfTracepoint:
		if is(unix.ENOENT) || is(fs.ErrNotExist) || is(unix.EINVAL) {
			return fmt.Sprintf("there is no tracepoint %s:%s", how.Category, how.Event), missingHint
		}
	case plan.RawTracepoint:
		if is(unix.ENOENT) {
			return fmt.Sprintf("there is no raw tracepoint %s", how.Name), missingHint
		}
		if is(unix.EINVAL) {
			return "the program reads more arguments than the tracepoint has, or the kernel lacks what it needs", missingHint
		}
	case plan.PerfEvent:
		if is(unix.ENOENT) || is(unix.EOPNOTSUPP) || is(unix.ENODEV) {
			return "this machine does not count such events", "virtual machines often have no hardware counters; a software or cpu clock event works everywhere"
		}
		if is(unix.EINVAL) {
			return "the kernel does not take this rate or period", "see kernel.perf_event_max_sample_rate"
		}
		if is(unix.ESRCH) {
			return fmt.Sprintf("there is no process %d", how.PID), ""
		}
	case plan.Uprobe:
		switch {
		case is(unix.ENOENT):
			return fmt.Sprintf("there is no file %s", how.Path), missingHint
		case is(unix.ENOEXEC), is(unix.EINVAL):
			return fmt.Sprintf("%s can not be probed at offset %#x: it is no instruction of executable code that the kernel can step over", how.Path, how.Offset), missingHint
		case is(unix.ESRCH):
			return fmt.Sprintf("there is no process %d", how.PID), ""
		}
	case plan.Breakpoint:
		return breakpointReason(how, err)
	case plan.Iterator:
		return iteratorReason(how, err)
	case plan.Kprobe:
		return kprobeReason(how, err), missingHint
	}
	return err.Error(), missingHint
}

// sorted gives the failures in script order, whatever order they came in.
func (s *Set) sorted() source.List {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures = append(s.failures, s.refusals()...)
	slices.SortStableFunc(s.failures, func(a, b *source.Diagnostic) int {
		return cmp.Or(cmp.Compare(a.Span.Start.Offset, b.Span.Start.Offset), strings.Compare(a.Msg, b.Msg))
	})
	return s.failures
}
