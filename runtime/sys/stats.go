package sys

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// EnableStats has the kernel measure the run time of all BPF programs until the
// descriptor is closed (BPF_ENABLE_STATS, kernel 5.8; costs each run tens of ns).
func EnableStats() (fd int, err error) {
	attr := struct{ kind uint32 }{0} // BPF_STATS_RUN_TIME
	return bpf(cmdEnableStats, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
}

// RunTime gives how long a program ran while statistics were enabled, ns, and how
// often (bpf_prog_info.run_time_ns and run_cnt, kernel 5.1).
func RunTime(fd int) (ns, runs uint64, err error) {
	info, err := programInfo(fd)
	return info.runTime, info.runs, err
}

// Misses gives how many runs of a program the kernel left out because a program
// already ran on that CPU (bpf_prog_info.recursion_misses, kernel 5.12; 0 before).
func Misses(fd int) (uint64, error) {
	info, err := programInfo(fd)
	return info.misses, err
}

// LinkID gives the number of a link (kernel 5.8).
func LinkID(link int) (uint32, error) {
	var info linkInfo
	err := infoOf(link, unsafe.Pointer(&info), unsafe.Sizeof(info))
	return info.id, err
}

// MissedByKprobes gives how many calls or returns of functions the kernel did not run the
// program of a link to kprobes for, because too many calls were under way or the processor
// was handling a kprobe (kernel 6.7; 0 before). The link is named by its number.
func MissedByKprobes(id uint32) (uint64, error) {
	fd, err := byID(cmdLinkByID, id)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	var info linkInfo
	if err := infoOf(fd, unsafe.Pointer(&info), unsafe.Sizeof(info)); err != nil {
		return 0, err
	}
	switch {
	case info.kind == linkKprobeMulti:
		return info.words[2], nil
	case info.kind == linkPerfEvent && (uint32(info.words[0]) == perfKprobe || uint32(info.words[0]) == perfKretprobe):
		return info.words[4], nil
	}
	return 0, nil
}

// Kinds of links, and of perf events behind them (enum bpf_link_type,
// bpf_perf_event_type).
const (
	linkPerfEvent   = 7
	linkKprobeMulti = 8
	perfKprobe      = 3
	perfKretprobe   = 4
)

// linkInfo is struct bpf_link_info: words are addresses, count and flags, missed calls for a
// link to many kprobes; kind, name, its length and offset, address, missed calls for one.
type linkInfo struct {
	kind, id, prog, _ uint32
	words             [8]uint64
}

// programCounts is the part of struct bpf_prog_info that counts.
type programCounts struct {
	_                     [192]byte
	runTime, runs, misses uint64
}

func programInfo(fd int) (info programCounts, err error) {
	attr := struct {
		fd, size uint32
		info     unsafe.Pointer
	}{uint32(fd), uint32(unsafe.Sizeof(info)), unsafe.Pointer(&info)}
	_, err = bpf(cmdInfoByFD, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
	return info, err
}
