package import Foundation

/// What a rendered transcript says of itself: what was transcribed, and where it came from.
package struct TranscriptHeader: Sendable, Equatable {
    package var title: String
    /// The podcast's name; nil for a file that was transcribed by itself.
    package var feed: String?
    package var date: Date?
    /// Where the audio came from.
    package var audioURL: String?

    package init(title: String, feed: String? = nil, date: Date? = nil, audioURL: String? = nil) {
        self.title = title
        self.feed = feed
        self.date = date
        self.audioURL = audioURL
    }
}
