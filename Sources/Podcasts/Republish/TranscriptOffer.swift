package import CastCore
package import Foundation

/// A form of a transcript that players know, and how a feed speaks of it.
package enum TranscriptOffer: String, Sendable, CaseIterable {
    case vtt
    case srt
    /// Podcasting 2.0's JSON, not our native one.
    case json
    case html
    case txt

    /// The media type that Podcasting 2.0 names for the form.
    package var mediaType: String {
        switch self {
        case .vtt: "text/vtt"
        case .srt: "application/x-subrip"
        case .json: "application/json"
        case .html: "text/html"
        case .txt: "text/plain"
        }
    }

    /// The link for an episode's transcript at `url`, in `language`.
    ///
    /// Subtitles are cut for a screen, which `captions` says.
    package func link(_ url: URL, language: String?) -> ParsedEpisode.TranscriptLink {
        let isCaptions = self == .vtt || self == .srt
        return .init(url: url, mimeType: self.mediaType, language: language, relation: isCaptions ? "captions" : nil)
    }

    /// The form that the file behind the link is rendered in.
    package var format: TranscriptFormat {
        switch self {
        case .vtt: .vtt
        case .srt: .srt
        case .txt: .txt
        case .json: .podcast
        case .html: .html
        }
    }
}
