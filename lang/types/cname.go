package types

import "strings"

// typedefs are names of C and the kernel that mean the same on every machine, so
// that the common ones need no BTF. (All our machines have 64-bit longs.)
var typedefs = map[string]Type{
	"bool": Bool{}, "_Bool": Bool{}, "void": Void{},
	"float": Float{32}, "double": Float{64},

	"u8": Uint8, "u16": Uint16, "u32": Uint32, "u64": Uint64,
	"s8": Int8, "s16": Int16, "s32": Int32, "s64": Int64,
	"__u8": Uint8, "__u16": Uint16, "__u32": Uint32, "__u64": Uint64,
	"__s8": Int8, "__s16": Int16, "__s32": Int32, "__s64": Int64,
	"uint8_t": Uint8, "uint16_t": Uint16, "uint32_t": Uint32, "uint64_t": Uint64,
	"int8_t": Int8, "int16_t": Int16, "int32_t": Int32, "int64_t": Int64,
	"uintptr_t": Uint64, "intptr_t": Int64,

	"size_t": Uint64, "ssize_t": Int64, "off_t": Int64, "loff_t": Int64,
	"pid_t": Int32, "uid_t": Uint32, "gid_t": Uint32, "umode_t": Uint16,
	"dev_t": Uint32, "ino_t": Uint64, "sector_t": Uint64, "gfp_t": Uint32,
	"key_t": Int32, "clockid_t": Int32, "timer_t": Int32, "mqd_t": Int32,
	"qid_t": Uint32, "rwf_t": Int32, "key_serial_t": Int32, "aio_context_t": Uint64,
}

// CName resolves the name of a C arithmetic type, or of a typedef that means the
// same everywhere: "unsigned int", "long", "u32", "size_t". Qualifiers are
// ignored. False for other names.
func CName(name string) (Type, bool) {
	var plain []string
	var long, short, char, integer, signed, unsigned int
	for _, w := range strings.Fields(name) {
		switch w {
		case "const", "volatile", "restrict":
			continue
		case "long":
			long++
		case "short":
			short++
		case "char":
			char++
		case "int":
			integer++
		case "signed":
			signed++
		case "unsigned":
			unsigned++
		}
		plain = append(plain, w)
	}
	words := long + short + char + integer + signed + unsigned
	if words == 0 || words < len(plain) {
		t, ok := typedefs[strings.Join(plain, " ")]
		return t, ok
	}
	if long > 2 || short > 1 || char > 1 || integer > 1 || signed+unsigned > 1 ||
		short > 0 && long > 0 || char > 0 && long+short+integer > 0 {
		return nil, false
	}
	bits := 32
	switch {
	case char > 0:
		bits = 8
	case short > 0:
		bits = 16
	case long > 0:
		bits = 64
	}
	return Int{Bits: bits, Signed: unsigned == 0}, true
}
