package sys

import "unsafe"

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
