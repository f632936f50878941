package services

import (
	"os"
	"strconv"
	"strings"
	"sync"
)

// users names users and groups by the files that the machine itself uses first.
// (Directories on the network are not asked: their answer may take long, and the
// process has no C library.)
type users struct {
	user, group func() map[uint32]string
}

func newUsers() *users {
	return &users{
		user:  sync.OnceValue(func() map[uint32]string { return readNames("/etc/passwd") }),
		group: sync.OnceValue(func() map[uint32]string { return readNames("/etc/group") }),
	}
}

// User implements types.Users.
func (u *users) User(uid uint32) string { return u.user()[uid] }

// Group implements types.Users.
func (u *users) Group(gid uint32) string { return u.group()[gid] }

// readNames reads a file of lines name:password:id:…, as passwd(5) and group(5)
// describe them. Of names that share an id, the first counts. What can't be read
// names nobody.
func readNames(file string) map[uint32]string {
	names := map[uint32]string{}
	text, err := os.ReadFile(file)
	if err != nil {
		return names
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 4)
		if len(fields) < 3 {
			continue
		}
		id, err := strconv.ParseUint(fields[2], 10, 32)
		if err != nil {
			continue
		}
		if _, taken := names[uint32(id)]; !taken {
			names[uint32(id)] = fields[0]
		}
	}
	return names
}
