/// A transcript that the publisher offers for an episode: a `podcast:transcript` of its feed.
package struct PublishedTranscript: Sendable, Codable, Equatable {
    package var url: String
    /// The media type as the feed has it, for example `text/vtt`; "" when it says none.
    package var type: String
    /// ISO 639-1 code, where the feed says it.
    package var language: String?
    /// `captions` for a file that is cut for a screen.
    package var relation: String?

    package init(url: String, type: String, language: String? = nil, relation: String? = nil) {
        self.url = url
        self.type = type
        self.language = language
        self.relation = relation
    }
}
