/// Which language a file is in, as those parts of it say that were listened to first.
package struct LanguageVote: Sendable, Equatable {
    /// Segments that are listened to at a time to find a language.
    static let scoutSize = 4
    /// How sure one listening has to be to settle it.
    private static let sureness = 0.5
    /// Listenings after which the most likely one is taken.
    private static let most = 3

    private var votes: [(language: String, probability: Double)] = []
    package private(set) var isSettled: Bool
    private var known: String?

    package init(known: String?) {
        self.known = known
        self.isSettled = known != nil
    }

    /// What somebody who speaks was taken to speak.
    ///
    /// - Parameter language: Nil when the engine does not say; then nobody will ever know.
    package mutating func add(_ language: String?, _ probability: Double?) {
        guard !self.isSettled else { return }
        guard let language else {
            self.isSettled = true
            return
        }
        self.votes.append((language, probability ?? 1))
        if (probability ?? 1) >= Self.sureness || self.votes.count >= Self.most { self.close() }
    }

    /// Nothing more is coming.
    package mutating func close() {
        guard !self.isSettled else { return }
        self.isSettled = true
        let sums = Dictionary(self.votes.map { ($0.language, $0.probability) }, uniquingKeysWith: +)
        // Of two that are as likely the first one in the alphabet: the same in every run.
        self.known = sums.sorted { $0.key < $1.key }.max { $0.value < $1.value }?.key
    }

    /// The language, once it is settled; nil also when there is none to be known.
    package var winner: String? { self.isSettled ? self.known : nil }

    package static func == (left: LanguageVote, right: LanguageVote) -> Bool {
        left.isSettled == right.isSettled && left.known == right.known
            && left.votes.elementsEqual(right.votes) { $0.language == $1.language && $0.probability == $1.probability }
    }
}
