package runtime

import (
	"encoding/binary"
	"testing"

	"sonde/codegen/plan"
	"sonde/lang/types"
)

// TestUnpack lays out a record by hand.
func TestUnpack(t *testing.T) {
	payload := &types.Tuple{Elems: []types.Type{types.String{N: 100}, types.Int64, types.Buffer{N: 200}, types.Uint8, types.String{N: 64}}}
	u := newUnpacker(&plan.Event{Payload: payload, Packed: true})
	word := binary.NativeEndian.AppendUint32
	record := func(text string, data string) []byte {
		raw := binary.NativeEndian.AppendUint64(nil, 77)
		raw = append(raw, 5)
		raw = append(raw, "short\x00"...)
		raw = append(raw, make([]byte, 76-len(raw))...) // 8, 1 and 64, aligned to 4
		raw = word(raw, uint32(len(text)))
		raw = word(raw, uint32(4+len(data)))
		for len(raw)%8 != 0 {
			raw = append(raw, 0)
		}
		raw = append(raw, text...)
		raw = word(raw, uint32(len(data)))
		return append(raw, data...)
	}
	for _, text := range []string{"a longer text\x00", "b\x00", ""} {
		got := u.unpack(record(text, "xyz"))
		if got == nil {
			t.Fatalf("%q: nothing", text)
		}
		want := text
		if want == "" {
			want = "\x00"
		}
		buffer := got[payload.Offset(2):]
		if string(got[:len(want)]) != want || binary.NativeEndian.Uint64(got[payload.Offset(1):]) != 77 ||
			binary.NativeEndian.Uint32(buffer) != 3 || string(buffer[4:7]) != "xyz" || got[payload.Offset(3)] != 5 ||
			string(got[payload.Offset(4):][:6]) != "short\x00" {
			t.Errorf("%q: %q", text, got)
		}
	}
	whole := record("text\x00", "data")
	for n := range whole {
		if got := u.unpack(whole[:n]); got != nil {
			t.Errorf("%d of %d bytes give %q", n, len(whole), got)
		}
	}
}
