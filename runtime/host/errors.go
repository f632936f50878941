package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// notPermitted explains a refusal: what could not be read, and what would help.
// Other errors pass.
func notPermitted(err error, what, help string) error {
	if errors.Is(err, fs.ErrPermission) {
		if os.Geteuid() == 0 {
			help = "the kernel refuses it even to root (lockdown, a security module or a container's limits)"
		}
		return fmt.Errorf("may not read %s: %s: %w", what, help, fs.ErrPermission)
	}
	return err
}

func badPattern(glob string, err error) error {
	return fmt.Errorf("bad pattern %q: %w", glob, err)
}
