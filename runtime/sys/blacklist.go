package sys

import (
	"bufio"
	"os"
	"strings"
)

// KprobeBlacklist lists the functions that the kernel allows no kprobes in: those that
// handling a kprobe runs through (Documentation/trace/kprobes.rst).
const KprobeBlacklist = "/sys/kernel/debug/kprobes/blacklist"

// KprobeBlacklisted looks a function up there; false where the list can not be read.
func KprobeBlacklisted(function string) bool {
	f, err := os.Open(KprobeBlacklist)
	if err != nil {
		return false
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); { // of a range and a name
		if _, name, _ := strings.Cut(lines.Text(), "\t"); strings.TrimSpace(name) == function {
			return true
		}
	}
	return false
}
