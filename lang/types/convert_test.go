package types

import "testing"

func TestJoin(t *testing.T) {
	flex := func(bits int) Type { return Flexible{bits} }
	s := &Struct{Kind: "struct", Name: "s"}
	cases := []struct {
		a, b Type
		want string // "" for none
	}{
		{Int8, Int8, "int8"}, {Int8, Int32, "int32"}, {Uint8, Uint64, "uint64"},
		{Int8, Uint8, "int16"}, {Uint32, Int32, "int64"}, {Int64, Uint8, "int64"}, {Uint64, Int8, "int64"}, {Int16, Uint8, "int16"},
		{flex(8), Uint64, "uint64"}, {flex(16), Uint8, "uint16"}, {flex(8), Int8, "int8"}, {flex(8), flex(32), "int32"},
		{String{4}, String{9}, "string[9]"}, {Buffer{4}, Buffer{2}, "buffer[4]"}, {String{4}, Int8, ""},
		{Bool{}, Bool{}, "bool"}, {Bool{}, Int8, ""},
		{&Tuple{[]Type{Int8, String{2}}}, &Tuple{[]Type{Int64, String{5}}}, "(int64,string[5])"},
		{&Tuple{[]Type{Int8}}, &Tuple{[]Type{Int8, Int8}}, ""},
		{&Tuple{[]Type{Int8}}, &Tuple{[]Type{String{2}}}, ""},
		{&Record{[]string{"a", "b"}, []Type{Int8, Uint8}}, &Record{[]string{"b", "a"}, []Type{Uint16, Int32}}, "(a=int32,b=uint16)"},
		{&Record{[]string{"a"}, []Type{Int8}}, &Record{[]string{"b"}, []Type{Int8}}, ""},
		{Pointer{s, Kernel}, Pointer{s, User}, "struct s*"}, {Pointer{Int8, Kernel}, Pointer{Int16, Kernel}, ""},
		{Pointer{Int8, BPF}, Pointer{Int16, BPF}, "int16*"},
		{Array{Int8, 4}, Array{Int8, 4}, "int8[4]"}, {Array{Int8, 4}, Array{Int8, 5}, ""},
		{&Enum{Name: "e", Int: Uint32}, Int8, "int64"}, {s, s, "struct s"},
	}
	for _, c := range cases {
		for range 2 {
			got := ""
			if j, ok := Join(c.a, c.b); ok {
				got = Settle(j).String()
				again, ok := Join(j, c.b)
				if !ok || !Same(again, j) {
					t.Errorf("joining %v twice into %v changes it to %v", c.b, j, again)
				}
			}
			if got != c.want {
				t.Errorf("Join(%v, %v) = %q, want %q", c.a, c.b, got, c.want)
			}
			if _, ordered := c.a.(*Record); ordered {
				break // the first gives the order
			}
			c.a, c.b = c.b, c.a
		}
	}
	if j, _ := Join(Pointer{s, Kernel}, Pointer{s, User}); j.(Pointer).Space != NoSpace {
		t.Error("pointers into two spaces keep one")
	}
}

func TestFits(t *testing.T) {
	for _, c := range []struct {
		from, to Type
		want     bool
	}{
		{Int8, Int16, true}, {Int16, Int8, false}, {Uint8, Int16, true}, {Uint8, Int8, false}, {Int8, Uint64, false},
		{Flexible{8}, Uint8, true}, {Flexible{16}, Uint8, false}, {Uint64, Int64, false},
		{String{4}, String{4}, true}, {String{5}, String{4}, false},
		{&Tuple{[]Type{Int8, String{2}}}, &Tuple{[]Type{Int16, String{3}}}, true},
		{&Tuple{[]Type{Uint64}}, &Tuple{[]Type{Int64}}, false},
		{&Record{[]string{"a", "b"}, []Type{Int8, Bool{}}}, &Record{[]string{"b", "a"}, []Type{Bool{}, Int8}}, true},
		{Bool{}, Int8, false},
	} {
		if got := Fits(c.from, c.to); got != c.want {
			t.Errorf("Fits(%v, %v) = %v", c.from, c.to, got)
		}
	}
}

func TestSmallestInt(t *testing.T) {
	for v, want := range map[int64]Type{
		0: Flexible{8}, 127: Flexible{8}, 128: Flexible{16}, -128: Int8, -129: Int16, 1 << 31: Flexible{64}, -1 << 63: Int64,
	} {
		if got := SmallestInt(v); got != want {
			t.Errorf("SmallestInt(%d) = %#v", v, got)
		}
	}
}

func TestShorten(t *testing.T) {
	for _, c := range []struct {
		t    Type
		size int
		want string
	}{
		{String{1024}, 512, "string[512]"},
		{String{64}, 512, "string[64]"},
		{Int64, 4, "int64"},
		{&Tuple{[]Type{String{16}, String{1024}}}, 512, "(string[16],string[496])"},
		{&Tuple{[]Type{String{1024}, String{300}, Int64}}, 512, "(string[252],string[252],int64)"},
		{&Tuple{[]Type{&Tuple{[]Type{String{1024}, Int8}}, Int8}}, 64, "((string[62],int8),int8)"},
		{&Record{[]string{"a", "b"}, []Type{String{1024}, Int8}}, 64, "(a=string[63],b=int8)"},
		{&Tuple{[]Type{Buffer{600}, String{10}}}, 512, "(buffer[600],string[10])"},
	} {
		got := Shorten(c.t, c.size)
		if got.String() != c.want {
			t.Errorf("Shorten(%v, %d) = %v, want %s", c.t, c.size, got, c.want)
		}
		if again := Shorten(got, c.size); !Same(again, got) {
			t.Errorf("%v is shortened again, to %v", got, again)
		}
	}
}
