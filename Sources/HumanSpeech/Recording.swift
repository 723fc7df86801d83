/// An audio file whose words are known, with the place of each.
package struct Recording: Sendable, Codable, Equatable {
    /// One prompt in the recording.
    package struct Placement: Sendable, Codable, Equatable {
        /// The prompt's name in its package.
        package var name: String
        /// What is said; one sentence or several.
        package var text: String
        /// Seconds from the start of the recording to its first sound.
        package var start: Double
        /// Seconds from the start of the recording to the end of its last sound.
        package var end: Double

        package init(name: String, text: String, start: Double, end: Double) {
            self.name = name
            self.text = text
            self.start = start
            self.end = end
        }
    }

    package var path: String
    /// Seconds.
    package var duration: Double
    /// In the order in which they are heard.
    package var placements: [Placement]

    /// Everything that is said.
    package var text: String { self.placements.map(\.text).joined(separator: "\n") }

    package init(path: String, duration: Double, placements: [Placement]) {
        self.path = path
        self.duration = duration
        self.placements = placements
    }
}
