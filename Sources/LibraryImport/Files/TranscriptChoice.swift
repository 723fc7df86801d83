package import CastCore

/// Decides which text is an episode's, where the existing server let several episodes write one file.
///
/// It named files after day and title, in ASCII only: two episodes of one title and day, and all titles in other
/// scripts, shared one, and the last that was finished overwrote the others. What the others said is still in the
/// search index, which has a text for each.
package struct TranscriptChoice: Sendable {
    /// Files that are known to be somebody's, by their path in the old database.
    private var owned: Set<String> = []

    package init() {}

    /// What was chosen, and from where.
    package enum Choice: Sendable, Equatable {
        case file(Transcript)
        /// From the search index, because the file is lost.
        case index(Transcript)
        case none(NotTaken.Reason)
    }

    /// - Parameters:
    ///   - path: As the old database says.
    ///   - isShared: Whether other episodes name the file as well; they are asked about in the order in which they were
    ///     changed, the last one first.
    package mutating func choose(
        path: String, isShared: Bool, file: Result<Transcript, NotTaken.Reason>, index: Transcript?
    ) -> Choice {
        switch file {
        case .failure(let reason):
            return index.map(Choice.index) ?? .none(reason)
        case .success(let text):
            guard isShared else { return .file(text) }
            if let index, !OldTranscript.saysTheSame(text, index) { return .index(index) }
            // The text of the file, or no text of its own: then it is the one that wrote the file last.
            return self.owned.insert(path).inserted ? .file(text) : .none(.overwritten)
        }
    }
}
