package arch

import (
	"slices"
	"testing"
)

// Every processor's record is whole, and all that it says of registers is about those
// that it has.
func TestRecords(t *testing.T) {
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			a := Of(name)
			for i, r := range a.Registers {
				if at, ok := a.Offset(r); !ok || at != int64(i)*Word || slices.Index(a.Registers, r) != i {
					t.Errorf("register %s is at %d, %v, want %d", r, at, ok, i*Word)
				}
			}
			used := append([]string{a.Retval, a.Counter, a.Stack, a.UserMode.Register, "pc", "ip"}, a.Args...)
			for alias, r := range a.Aliases {
				if slices.Contains(a.Registers, alias) || !slices.Contains(a.Registers, r) {
					t.Errorf("%s: no other name of a register", alias)
				}
				used = append(used, alias)
			}
			for _, r := range used {
				if _, ok := a.Offset(r); !ok {
					t.Errorf("there is no register %q", r)
				}
			}
			if a.UserMode.Value&^a.UserMode.Mask != 0 || a.Instruction == 0 || a.Syscall == "" || len(a.Macros) == 0 || a.Triplet == "" || a.Library == 0 {
				t.Errorf("%+v is not whole", a)
			}
		})
	}
	if Of("pdp11") != nil {
		t.Error("the PDP-11 is known")
	}
}

func TestCall(t *testing.T) {
	for _, c := range []struct {
		function, want string
		ok             bool
	}{
		{"__x64_sys_getpgid", "getpgid", true},
		{"__arm64_sys_getpgid", "getpgid", true},
		{"sys_getpgid", "getpgid", true},
		{"vfs_read", "vfs_read", false},
	} {
		if got, ok := Call(c.function); got != c.want || ok != c.ok {
			t.Errorf("%s is system call %q, %v, want %q, %v", c.function, got, ok, c.want, c.ok)
		}
	}
}

func TestFits(t *testing.T) {
	for _, c := range []struct {
		arch            string
		address, length uint64
		want            bool
	}{
		{"amd64", 16, 8, true},
		{"amd64", 18, 4, false},
		{"arm64", 18, 4, true},
		{"arm64", 22, 4, false},
	} {
		if got := Of(c.arch).Breakpoints.Fits(c.address, c.length); got != c.want {
			t.Errorf("%s: %d bytes at %d: %v, want %v", c.arch, c.length, c.address, got, c.want)
		}
	}
}
