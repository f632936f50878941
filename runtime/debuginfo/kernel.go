package debuginfo

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"sonde/runtime/elfsym"
)

// MissingError tells that there is no debugging information of the running kernel.
type MissingError struct {
	// Release of the kernel, as uname -r says.
	Release string
	// Others are files that there are, with why each is not used.
	Others []error
}

func (e *MissingError) Error() string {
	if len(e.Others) > 0 {
		return errors.Join(e.Others...).Error()
	}
	return "there is no debugging information of Linux " + e.Release
}

// Is makes it an fs.ErrNotExist.
func (e *MissingError) Is(target error) bool { return target == fs.ErrNotExist }

// Kernel opens the debugging information of the running kernel: the file named, or, when
// that is "", one of those below root that distributions and kernel builders install. A
// file of another kernel is not used, whatever its name. The error is a *MissingError when
// there is none.
func Kernel(root, file string) (*File, error) {
	release, err := kernelRelease(root)
	if err != nil {
		return nil, err
	}
	id, err := kernelID(root)
	if err != nil {
		return nil, err
	}
	missing := &MissingError{Release: release}
	files := []string{file}
	if file == "" {
		files = kernelFiles(root, release, id)
	}
	for _, name := range files {
		f, err := Open(name)
		switch {
		case errors.Is(err, fs.ErrNotExist) && file == "", errors.Is(err, errNone) && file == "":
			continue
		case err == nil && f.BuildID == id:
			return f, nil
		case err == nil:
			f.Close()
			err = fmt.Errorf("%s is of another kernel than the one that runs (its build ID differs)", name)
		}
		missing.Others = append(missing.Others, err)
	}
	return nil, missing
}

// kernelFiles are the places where practitioners have a kernel's debugging information.
func kernelFiles(root, release, id string) []string {
	var list []string
	for _, name := range []string{
		"usr/lib/debug/boot/vmlinux-" + release,                       // Debian, Ubuntu
		"usr/lib/debug/lib/modules/" + release + "/vmlinux",           // Fedora, RHEL
		"usr/lib/debug/lib/modules/" + release + "/vmlinux.debug",     // SUSE
		"usr/lib/debug/usr/lib/modules/" + release + "/vmlinux",       // where /lib is /usr/lib
		"lib/modules/" + release + "/build/vmlinux",                   // built here
		"lib/modules/" + release + "/vmlinux",                         //
		"boot/vmlinux-" + release,                                     //
		"usr/lib/debug/.build-id/" + id[:2] + "/" + id[2:] + ".debug", // any, by build ID
	} {
		list = append(list, path.Join(root, name))
	}
	return list
}

func kernelRelease(root string) (string, error) {
	raw, err := os.ReadFile(path.Join(root, "proc/sys/kernel/osrelease"))
	return strings.TrimSpace(string(raw)), err
}

// kernelID is the build ID of the kernel that runs.
func kernelID(root string) (string, error) {
	name := path.Join(root, "sys/kernel/notes")
	notes, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	id := elfsym.NoteBuildID(notes, binary.NativeEndian)
	if len(id) < 3 {
		return "", fmt.Errorf("%s has no build ID, so that nothing tells which debugging information belongs to the kernel", name)
	}
	return id, nil
}
