// The completion script for fish.

enum FishCompletion { static var script: String { "" } }
