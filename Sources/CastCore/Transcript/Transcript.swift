/// What was said in one piece of audio, with the times and probabilities of its words.
///
/// This is the native form, kept as JSON; every other format is rendered from it without recognising again.
package struct Transcript: Sendable, Codable, Equatable {
    /// A word as it is written, with the punctuation that belongs to it.
    package struct Word: Sendable, Codable, Equatable {
        /// The word without white space around it, for example `Welcome,`.
        package var text: String
        /// Seconds from the start of the audio.
        package var start: Double
        /// Seconds from the start of the audio, never before `start`.
        package var end: Double
        /// The engine's confidence, 0 to 1; nil when it gives none.
        package var probability: Double?

        package init(text: String, start: Double, end: Double, probability: Double? = nil) {
            self.text = text
            self.start = start
            self.end = end
            self.probability = probability
        }
    }

    /// One sentence: what a line of Markdown, and a hit of a search, is made of.
    package struct Sentence: Sendable, Codable, Equatable {
        /// The text as it is shown; what the words join to, where there are words.
        package var text: String
        package var start: Double
        package var end: Double
        /// Empty when only the text is known (a transcript that a publisher or an older node gave).
        package var words: [Word]
        /// Whether a new paragraph begins here.
        package var startsParagraph: Bool

        package init(text: String, start: Double, end: Double, words: [Word] = [], startsParagraph: Bool = false) {
            self.text = text
            self.start = start
            self.end = end
            self.words = words
            self.startsParagraph = startsParagraph
        }
    }

    /// A stretch of audio that no words come from, and why.
    package struct Gap: Sendable, Codable, Equatable {
        package enum Reason: String, Sendable, Codable, CaseIterable {
            /// Nothing could be heard; it was not recognised.
            case silence
            /// Music without speech; it was not recognised.
            case music
            /// The engine could not take it: there may be words that are missing.
            case failed
        }

        /// Seconds from the start of the audio.
        package var start: Double
        package var end: Double
        package var reason: Reason

        package init(start: Double, end: Double, reason: Reason) {
            self.start = start
            self.end = end
            self.reason = reason
        }

        /// A reason that a later version gave counts as `failed`: what may be missing is shown rather than hidden.
        package init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: CodingKeys.self)
            self.start = try fields.decode(Double.self, forKey: .start)
            self.end = try fields.decode(Double.self, forKey: .end)
            self.reason = Reason(rawValue: try fields.decode(String.self, forKey: .reason)) ?? .failed
        }
    }

    /// The version of this form, for readers of stored files.
    package var version: Int
    package var sentences: [Sentence]
    /// Length of the audio in seconds, where it is known.
    package var duration: Double?
    /// ISO 639-1 code; nil when nobody knows.
    package var language: String?
    /// The model's id, for example `base`.
    package var model: String?
    /// The program that recognised, with its version, for example `faster-whisper 1.2.1`.
    package var engine: String?
    /// Where the text comes from.
    package var source: Source
    /// What was left out, in order; nil when whoever made the transcript does not say, as in files of earlier versions.
    package var gaps: [Gap]?
    /// What the server thinks of it; nil in files of earlier versions, and as nodes hand it in.
    package var quality: TranscriptQuality?

    package enum Source: String, Sendable, Codable, CaseIterable {
        /// One of our engines.
        case engine
        /// The publisher's own transcript.
        case publisher
        /// A node that handed in text only.
        case node
    }

    package init(
        sentences: [Sentence], duration: Double? = nil, language: String? = nil, model: String? = nil,
        engine: String? = nil, source: Source = .engine, gaps: [Gap]? = nil, quality: TranscriptQuality? = nil
    ) {
        self.version = 1
        self.sentences = sentences
        self.duration = duration
        self.language = language
        self.model = model
        self.engine = engine
        self.source = source
        self.gaps = gaps
        self.quality = quality
    }

    /// Whether nothing was said.
    package var isEmpty: Bool { self.sentences.allSatisfy { $0.text.isEmpty } }
}
