package runtime

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"

	"sonde/codegen/plan"
	"sonde/lang/source"
	"sonde/runtime/sys"
)

// Rejected says that the kernel's verifier refused a program, which is a mistake
// of the compiler, at the place in the script that the rejected instruction was
// made for.
type Rejected struct {
	*source.Diagnostic
	Program *plan.Program
	// Log is what the verifier said; Insn the instruction that it stopped at, an
	// index of Program.Instructions, -1 when it did not come that far.
	Log  string
	Insn int
}

// Unwrap lets errors.As find the diagnostic.
func (r *Rejected) Unwrap() error { return r.Diagnostic }

// VerifierLog gives the log.
func (r *Rejected) VerifierLog() string { return r.Log }

// logFloor and logCeiling bound the verifier's log, bytes.
const (
	logFloor   = 64 << 10
	logCeiling = 64 << 20
)

// explainLoad finds out why a program was not loaded, by loading it once more with
// a log.
func (k *kernel) explainLoad(p *plan.Program, spec *sys.Program, err error) (int, error) {
	at := firstSpan(p.Spans)
	if cannotVerify(err) {
		return -1, refused(at, fmt.Sprintf("program for %s", p.Probe), err)
	}
	if errors.Is(err, unix.E2BIG) && countMaps(p.Instructions) > maxMaps {
		return -1, source.Errorf(at, "too-many-maps", "%s uses more maps than the kernel allows a program, which is %d with the tool's own", p.Probe, maxMaps).
			WithHint("make several maps one with a further key, or use variables for what need not outlive the probe")
	}
	log, fd, err := loadWithLog(spec, int(k.plan.Config.LogSize), err)
	if err == nil {
		return fd, nil
	}
	insn := stoppedAt(log, p.Instructions)
	if insn < 0 && spec.BTF > 0 {
		// Not an instruction but what describes them was not liked: an older kernel
		// checks that more strictly. Programs run without it.
		bare := *spec
		bare.BTF, bare.Log = 0, nil
		if fd, bareErr := sys.LoadProgram(&bare); bareErr == nil {
			return fd, nil
		}
	}
	if insn < 0 && strings.TrimSpace(log) == "" {
		return -1, refused(at, fmt.Sprintf("program for %s", p.Probe), err)
	}
	if insn < 0 && p.AttachProg != 0 {
		// What the two programs are, not what this one does.
		return -1, source.Errorf(at, "target", "the kernel attaches nothing to what %s names: %s", p.Probe, verdict(log, err)).
			WithHint("programs that already trace a program, and those that are not compiled to machine code, can not be traced")
	}
	if s := spanOf(p.Spans, insn); s.IsValid() {
		at = s
	}
	d := source.Errorf(at, "verifier", "internal error: the kernel rejected the program for %s: %s", p.Probe, verdict(log, err))
	d.WithHint("the script is not to blame; -v shows the kernel's log, please report it with the script")
	return -1, &Rejected{Diagnostic: d, Program: p, Log: log, Insn: insn}
}

// maxMaps is how many maps a program can use (MAX_USED_MAPS in linux/bpf_verifier.h).
const maxMaps = 64

func countMaps(insns asm.Instructions) int {
	used := map[string]bool{}
	for i := range insns {
		if insns[i].IsLoadFromMap() {
			used[insns[i].Reference()] = true
		}
	}
	return len(used)
}

// cannotVerify tells errors that came before verification, or instead of it.
// ENOMEM is not among them: the verifier says so, too, of programs with too many
// paths, and then its log tells.
func cannotVerify(err error) bool {
	return errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EMFILE)
}

// loadWithLog loads a program once more, with room for at least size bytes of
// the verifier's log.
func loadWithLog(spec *sys.Program, size int, first error) (log string, fd int, err error) {
	err = first
	for size = max(size, logFloor); size <= logCeiling; size *= 4 {
		again := *spec
		again.Log = make([]byte, size)
		fd, err = sys.LoadProgram(&again)
		text, _, _ := bytes.Cut(again.Log, []byte{0})
		log = string(text)
		// The log did not fit; newer kernels keep its end, older ones its beginning.
		if !errors.Is(err, unix.ENOSPC) {
			break
		}
	}
	return log, fd, err
}

var instructionLine = regexp.MustCompile(`(?m)^(\d+): \([0-9a-f]{2}\)`)

// stoppedAt gives the index of the instruction that a log ends with, -1 for none.
// The log counts slots of 8 bytes, of which a 64-bit constant takes two.
func stoppedAt(log string, insns asm.Instructions) int {
	all := instructionLine.FindAllStringSubmatch(log, -1)
	if len(all) == 0 {
		return -1
	}
	slot, err := strconv.Atoi(all[len(all)-1][1])
	if err != nil {
		return -1
	}
	at := 0
	for i, ins := range insns {
		at += int(ins.Size() / asm.InstructionSize)
		if slot < at {
			return i
		}
	}
	return -1
}

// spanOf gives the place of an instruction, or of the nearest one before it that
// has one.
func spanOf(spans []source.Span, insn int) source.Span {
	for i := min(insn, len(spans)-1); i >= 0; i-- {
		if spans[i].IsValid() {
			return spans[i]
		}
	}
	return source.Span{}
}

func firstSpan(spans []source.Span) source.Span {
	for _, s := range spans {
		if s.IsValid() {
			return s
		}
	}
	return source.Span{}
}

// verdict is the line of the log that says what is wrong: the first one behind the
// last instruction. (Newer kernels explain themselves at length after it.)
func verdict(log string, err error) string {
	if all := instructionLine.FindAllStringIndex(log, -1); len(all) > 0 {
		_, log, _ = strings.Cut(log[all[len(all)-1][0]:], "\n")
	}
	for line := range strings.Lines(log) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "; ") {
			continue
		}
		if strings.HasPrefix(line, "processed ") {
			break
		}
		return line
	}
	return err.Error()
}

// mapError explains why map i could not be made or filled.
func mapError(p *plan.Plan, i int, err error) error {
	m := p.Maps[i]
	what, at := fmt.Sprintf("map %s", m.Name), source.Span{}
	for _, v := range p.Vars {
		if v.Map == i {
			what, at = v.Name, v.Span
		}
	}
	switch {
	case errors.Is(err, unix.E2BIG):
		return source.Errorf(at, "map-size", "%s: the kernel makes no map of %d keys of %d bytes with values of %d bytes", what, m.MaxEntries, m.KeySize, m.ValueSize).
			WithHint("use a smaller key or value, or fewer entries (config max_map_keys)")
	case errors.Is(err, unix.EINVAL):
		return source.Errorf(at, "map-kind", "%s: this kernel has no maps of kind %s with these sizes (key %d, value %d bytes, %d entries, flags %#x)", what, m.Type, m.KeySize, m.ValueSize, m.MaxEntries, m.Flags)
	}
	return refused(at, what, err)
}

// refused explains an error that has more to do with the machine than with the
// script.
func refused(at source.Span, what string, err error) *source.Diagnostic {
	switch {
	case errors.Is(err, unix.EPERM) && !privileged():
		return source.Errorf(source.Span{}, "no-permission", "tracing the kernel needs privileges that this process lacks: %s", missingCapabilities()).
			WithHint("run it as root: sudo %s", commandLine(os.Args))
	case errors.Is(err, unix.EPERM):
		return source.Errorf(at, "kernel-refuses", "%s: the kernel does not permit it, not even to root", what).
			WithHint("kernel lockdown (see /sys/kernel/security/lockdown), a security module or the container's seccomp filter may forbid it, or this kernel was built without it")
	case errors.Is(err, unix.ENOMEM):
		return source.Errorf(at, "no-memory", "%s: the kernel has no memory for it", what).
			WithHint("use fewer map entries (config max_map_keys) or a smaller event buffer (config perf_rb_pages); a memory limit of the cgroup counts too, and before Linux 5.11 `ulimit -l`")
	case errors.Is(err, unix.ENOSYS):
		return source.Errorf(source.Span{}, "no-bpf", "this kernel has no BPF: %v", err).
			WithHint("a kernel with CONFIG_BPF_SYSCALL is needed")
	case errors.Is(err, unix.EMFILE), errors.Is(err, unix.ENFILE):
		return source.Errorf(at, "no-files", "%s: no file descriptors left", what).WithHint("raise the limit: ulimit -n 65536")
	}
	return source.Errorf(at, "kernel-refuses", "%s: the kernel refuses it: %v", what, err)
}

// plain are the characters that mean nothing to a shell.
var plain = regexp.MustCompile(`^[-\w@%+=:,./]+$`)

// commandLine gives the words as they are typed to a shell.
func commandLine(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		if quoted[i] = w; !plain.MatchString(w) {
			quoted[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}
