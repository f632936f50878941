package elfsym

import "path/filepath"

// AddDebug replaces the symbols of a stripped file by those of its separate debug
// file below dir (usually /usr/lib/debug), found by build id; without one nothing
// changes.
func (f *File) AddDebug(dir string) {
	if len(f.BuildID) < 3 {
		return
	}
	d, err := Open(filepath.Join(dir, ".build-id", f.BuildID[:2], f.BuildID[2:]+".debug"))
	if err == nil && d.BuildID == f.BuildID && d.Table.Len() > f.Table.Len() {
		f.Table, f.Stripped = d.Table, d.Stripped
	}
}
