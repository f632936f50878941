// Package names gives names to numbers that the kernel hands out: users, groups
// and cgroups.
//
// Comes in: ids. Goes out: names, "" for those that have none. Guaranteed: files
// are read when first needed, and then once.
package names

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"sonde/lang/types"
)

// Users reads /etc/passwd and /etc/group; a static binary can't ask the C
// library's other sources.
type Users struct {
	// Root is where the file system to look at is mounted, "/" if empty.
	Root string

	once          sync.Once
	users, groups map[uint32]string
}

var _ types.Users = (*Users)(nil)

// User implements types.Users.
func (u *Users) User(uid uint32) string {
	u.once.Do(u.read)
	return u.users[uid]
}

// Group implements types.Users.
func (u *Users) Group(gid uint32) string {
	u.once.Do(u.read)
	return u.groups[gid]
}

func (u *Users) read() {
	u.users = readIDs(filepath.Join("/", u.Root, "etc/passwd"))
	u.groups = readIDs(filepath.Join("/", u.Root, "etc/group"))
}

// readIDs reads lines of "name:password:id:…"; of several names for an id the
// first counts.
func readIDs(path string) map[uint32]string {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	ids := map[uint32]string{}
	for line := range strings.Lines(string(text)) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 4)
		if len(f) < 3 || f[0] == "" || f[0][0] == '#' {
			continue
		}
		id, err := strconv.ParseUint(f[2], 10, 32)
		if _, known := ids[uint32(id)]; err == nil && !known {
			ids[uint32(id)] = f[0]
		}
	}
	return ids
}
