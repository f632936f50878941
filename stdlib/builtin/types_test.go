package builtin

import (
	"encoding/binary"
	"testing"
	"time"

	"sonde/lang/types"
)

// world is an Env of made-up services.
type world struct{}

func (world) Service(key any) any {
	switch key.(type) {
	case *types.Symbols, *types.Stacks, *types.Clock, *types.Terminal:
		return world{}
	}
	return nil
}

func (world) Kernel(addr uint64) (types.Frame, bool) {
	switch addr {
	case 0xffffffff81000010:
		return types.Frame{Addr: addr, Name: "vfs_read", Offset: 16}, true
	case 0xffffffffc0000000:
		return types.Frame{Addr: addr, Name: "ext4_sync", Module: "ext4"}, true
	}
	return types.Frame{}, false
}

func (world) User(pid uint32, addr uint64) (types.Frame, bool) {
	switch {
	case pid != 7:
		return types.Frame{}, false
	case addr == 0x401010:
		return types.Frame{Addr: addr, Name: "main", Offset: 16, Module: "/bin/x", File: "/src/x.c", Line: 5}, true
	case addr == 0x401020:
		return types.Frame{Addr: addr, Name: "evil\x1b[2J", Module: "/bin/x"}, true
	}
	return types.Frame{Module: "/lib/y.so"}, false
}

func (world) Preload(uint32) {}

func (world) Stack(limit int, id uint64) ([]uint64, bool) {
	switch id {
	case 1:
		return []uint64{0xffffffff81000010, 0xffffffffc0000000, 5}[:min(limit, 3)], true
	case 2:
		return []uint64{0x401010, 0x401020, 9}, true
	}
	return nil, false
}

func (world) WallTime(ns uint64) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Add(time.Duration(ns))
}

func (world) Escape() bool { return true }

func bytesOf(words ...uint64) (raw []byte) {
	for _, w := range words {
		raw = binary.LittleEndian.AppendUint64(raw, w)
	}
	return raw
}

func kstack(mode string, limit int) stackType { return stackType{mode: mode, limit: limit} }
func ustack(mode string) stackType            { return stackType{user: true, mode: mode, limit: 127} }

func TestTypesText(t *testing.T) {
	inet := func(family uint32, addr ...byte) []byte {
		raw := make([]byte, inetFamily+4)
		copy(raw, addr)
		binary.LittleEndian.PutUint32(raw[inetFamily:], family)
		return raw
	}
	frames := func(n, pid uint64) uint64 { return n | pid<<32 }
	for _, c := range []struct {
		name string
		t    types.Renderer
		raw  []byte
		want string
	}{
		{"IPv4", inetType{}, inet(afINET, 127, 0, 0, 1), "127.0.0.1"},
		{"IPv6", inetType{}, inet(afINET6, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), "2001:db8::1"},
		{"loopback", inetType{}, inet(afINET6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), "::1"},
		{"any", inetType{}, inet(afINET6), "::"},
		{"mapped", inetType{}, inet(afINET6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4), "::ffff:1.2.3.4"},
		{"compatible", inetType{}, inet(afINET6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4), "::1.2.3.4"},
		{"no family", inetType{}, inet(1, 1, 2, 3, 4), ""},
		{"short inet", inetType{}, []byte{1, 2}, ""},
		{"mac", macType{}, []byte{0x18, 0xc0, 0x4d, 8, 0x2e, 0xbb}, "18:C0:4D:08:2E:BB"},
		{"ksym", printed[kernelSymbol]{}, bytesOf(0xffffffff81000010), "vfs_read"},
		{"ksym unknown", printed[kernelSymbol]{}, bytesOf(1), "0x1"},
		{"usym", usymType{}, bytesOf(0x401010, 7), "main"},
		{"usym of another process", usymType{}, bytesOf(0x401010, 8), "0x401010"},
		{"timestamp", printed[moment]{moment{format: "%H:%M:%S.%f"}}, bytesOf(1500000000), "03:04:06.500000"},
		{"no stack", kstack(modeNative, 127), bytesOf(0, 0), "\n"},
		{"lost stack", kstack(modeNative, 127), bytesOf(99, frames(3, 0)), "\n        [lost]\n"},
		{"kernel stack", kstack(modeNative, 127), bytesOf(1, frames(3, 0)),
			"\n        vfs_read+16\n        ext4_sync+0\n        0x5\n"},
		{"kernel stack, perf", kstack(modePerf, 2), bytesOf(1, frames(2, 0)),
			"\n\tffffffff81000010 vfs_read+16\n\tffffffffc0000000 ext4_sync+0 (ext4)\n"},
		{"kernel stack, raw", kstack(modeRaw, 1), bytesOf(1, frames(1, 0)), "\nffffffff81000010\n"},
		{"user stack", ustack(modeNative), bytesOf(2, frames(3, 7)),
			"\n        main+16@/src/x.c:5\n        evil\\x1b[2J+0\n        0x9\n"},
		{"user stack, perf", ustack(modePerf), bytesOf(2, frames(3, 7)),
			"\n\t401010 main+16 (/bin/x)\n\t401020 evil\\x1b[2J+0 (/bin/x)\n\t9 0x9 (/lib/y.so)\n"},
		{"user stack of another process", ustack(modePerf), bytesOf(2, frames(3, 8)),
			"\n\t401010 0x401010 ([unknown])\n\t401020 0x401020 ([unknown])\n\t9 0x9 ([unknown])\n"},
	} {
		if got := string(c.t.AppendText(nil, c.raw, world{})); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		c.t.AppendJSON(nil, c.raw, nil)
		c.t.AppendText(nil, c.raw[:len(c.raw)/2], world{})
		c.t.Compare(c.raw, c.raw[:len(c.raw)/2])
	}
}
