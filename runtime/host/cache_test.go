package host

import "encoding/binary"

// loaderCache writes /etc/ld.so.cache in the current format.
func loaderCache(flags uint32, libs ...[2]string) []byte {
	order := binary.NativeEndian
	raw := order.AppendUint32([]byte(newCache), uint32(len(libs)))
	raw = append(raw, make([]byte, 48-len(raw))...)
	at := uint32(48 + 24*len(libs))
	var text []byte
	for _, lib := range libs {
		e := order.AppendUint32(nil, flags)
		for _, s := range lib {
			e = order.AppendUint32(e, at+uint32(len(text)))
			text = append(append(text, s...), 0)
		}
		raw = append(raw, append(e, make([]byte, 12)...)...)
	}
	return append(raw, text...)
}
