package check

import (
	"sonde/lang/feature"
	"sonde/lang/source"
)

// Missing reports that the kernel lacks what something in the script, who, can not do
// without. All such reports have these words: tests and scripts look for them.
func Missing(at source.Span, need *feature.Feature, who string) *source.Diagnostic {
	return source.Errorf(at, MissingFeature, "Missing required kernel feature: %s", need.Name).
		WithHint("%s needs %s", who, need.Origin())
}
