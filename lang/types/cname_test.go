package types

import "testing"

func TestCName(t *testing.T) {
	for name, want := range map[string]string{
		"int": "int32", "unsigned": "uint32", "unsigned int": "uint32", "long": "int64", "long long": "int64",
		"unsigned long long int": "uint64", "long unsigned int": "uint64", "short": "int16", "short unsigned int": "uint16",
		"char": "int8", "signed char": "int8", "unsigned char": "uint8", "const unsigned char": "uint8", "signed": "int32",
		"u8": "uint8", "__u64": "uint64", "const u32": "uint32", "size_t": "uint64", "pid_t": "int32", "umode_t": "uint16",
		"bool": "bool", "_Bool": "bool", "float": "float", "const double": "double", "void": "void", "const void": "void",
	} {
		if got, ok := CName(name); !ok || got.String() != want {
			t.Errorf("%s: %v, want %s", name, got, want)
		}
	}
	for _, name := range []string{
		"", "const", "struct file", "long short", "unsigned signed int", "long long long", "char int", "int int", "unsigned u32",
		"long pid_t", "long double",
	} {
		if got, ok := CName(name); ok {
			t.Errorf("%q is %s", name, got)
		}
	}
}
