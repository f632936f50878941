package strftime

import (
	"testing"
	"time"
)

func TestAppend(t *testing.T) {
	at := time.Date(2026, time.March, 5, 7, 8, 9, 123456789, time.FixedZone("CET", 3600))
	sunday := time.Date(2023, time.January, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		t            time.Time
		format, want string
	}{
		{at, "%H:%M:%S", "07:08:09"},
		{at, "%T %R %D %F", "07:08:09 07:08 03/05/26 2026-03-05"},
		{at, "%Y-%m-%dT%H:%M:%S.%f", "2026-03-05T07:08:09.123456"},
		{at, "%a %A %b %B %h", "Thu Thursday Mar March Mar"},
		{at, "%I %l %k %p %P %r", "07  7  7 AM am 07:08:09 AM"},
		{at, "%j %U %W %V %G %g %u %w %C %y", "064 09 09 10 2026 26 4 4 20 26"},
		{at, "%e|%-d|%_d|%_m|%0e|%^a", " 5|5| 5| 3|05|THU"},
		{at, "%z %Z %s", "+0100 CET 1772690889"},
		{at, "%c|%x|%X|%n|%t|%%", "Thu Mar  5 07:08:09 2026|03/05/26|07:08:09|\n|\t|%"},
		{at, "100% %Q %", "100% %Q %"},
		{at, "%Ey %OH", "26 07"},
		{at, "", ""},
		{at, "äöü", "äöü"},
		{sunday, "%U %W %V %G %u %w %j %I", "01 00 52 2022 7 0 001 12"},
	} {
		if got := string(Append([]byte("<"), c.format, c.t)); got != "<"+c.want {
			t.Errorf("%q: %q, want %q", c.format, got, c.want)
		}
	}
}
