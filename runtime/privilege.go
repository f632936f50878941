package runtime

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// capabilities that tracing needs; CAP_SYS_ADMIN implies both.
var needed = []struct {
	name string
	bit  uint
}{
	{"CAP_BPF", unix.CAP_BPF},
	{"CAP_PERFMON", unix.CAP_PERFMON},
}

// effective gives the process's effective capabilities as a bit set.
func effective() uint64 {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return 0
	}
	return uint64(data[0].Effective) | uint64(data[1].Effective)<<32
}

// privileged tells whether the process may load and attach programs as far as its
// capabilities go.
func privileged() bool {
	set := effective()
	if set&(1<<unix.CAP_SYS_ADMIN) != 0 {
		return true
	}
	for _, c := range needed {
		if set&(1<<c.bit) == 0 {
			return false
		}
	}
	return true
}

// missingCapabilities names what an unprivileged process lacks.
func missingCapabilities() string {
	set := effective()
	var missing []string
	for _, c := range needed {
		if set&(1<<c.bit) == 0 {
			missing = append(missing, c.name)
		}
	}
	return fmt.Sprintf("%s (or CAP_SYS_ADMIN)", strings.Join(missing, " and "))
}
