/// What people are told by message when they do not look at the page.
package struct Notice: Sendable, Equatable {
    package var title: String
    package var text: String
    package var isUrgent: Bool
    /// Where there is more to see.
    package var link: String?

    package init(title: String, text: String, isUrgent: Bool = false, link: String? = nil) {
        self.title = title
        self.text = text
        self.isUrgent = isUrgent
        self.link = link
    }
}

extension FleetEvent {
    /// Under this fact stands what people are to be told of; of two events with one subject the first is told.
    package static let subjectFact = "notice"

    /// What people are told of it; nil for an event that only stands in the log.
    package var notice: Notice? {
        guard self.facts[Self.subjectFact] != nil else { return nil }
        let sentence = self.message.hasSuffix(".") ? self.message : "\(self.message)."
        return switch self.kind {
        case .alarm: Notice(title: "cast2md: somebody has to look", text: sentence, isUrgent: true)
        case .budget: Notice(title: "cast2md: a budget is used up", text: sentence)
        case .pod, .scaling, .sweep, .provider: Notice(title: "cast2md: pods", text: sentence)
        }
    }
}
