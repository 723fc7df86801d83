import CastCore
package import CastStore
import Foundation

/// What a row of the existing server is here, or why it cannot be; values only.
package struct Mapping: Sendable {
    let clock: OldClock
    /// Makes plain text of a description, which the existing server keeps as the feed wrote it, mostly HTML.
    let plainText: @Sendable (String) -> String
    /// The same for a title.
    let plainLine: @Sendable (String) -> String

    package init(
        clock: OldClock, plainText: @escaping @Sendable (String) -> String = { $0 },
        plainLine: @escaping @Sendable (String) -> String = { $0 }
    ) {
        self.clock = clock
        self.plainText = plainText
        self.plainLine = plainLine
    }

    package func feed(_ old: OldFeed) -> Result<ImportStore.FeedEntry, NotTaken.Reason> {
        guard let url = Self.webAddress(old.url) else { return .failure(.noWebAddress) }
        let draft = FeedDraft(
            title: Self.line(self.plainLine(old.title)) ?? url, description: self.text(old.description),
            imageURL: Self.webAddress(old.imageURL), author: Self.line(old.author), link: Self.webAddress(old.link),
            categories: Self.categories(old.categories))
        return .success(
            ImportStore.FeedEntry(
                oldID: old.id, url: url, draft: draft, customTitle: Self.line(old.customTitle),
                lastPolledAt: self.clock.local(old.lastPolled), createdAt: self.clock.local(old.createdAt)))
    }

    package func episode(_ old: OldEpisode) -> Result<ImportStore.EpisodeEntry, NotTaken.Reason> {
        let guid = old.guid.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !guid.isEmpty else { return .failure(.noGuid) }
        let duration = old.duration.flatMap { $0.isFinite && $0 >= 0 && $0 < 1_000_000 ? $0 : nil }
        let draft = EpisodeDraft(
            guid: guid, title: Self.line(self.plainLine(old.title)) ?? "Untitled",
            description: self.text(old.description),
            link: Self.webAddress(old.link), audioURL: Self.webAddress(old.audioURL), duration: duration,
            publishedAt: OldClock.utc(old.publishedAt), published: Self.published(old))
        let error = old.status == "failed" ? Self.line(old.error) ?? "It failed." : nil
        return .success(
            ImportStore.EpisodeEntry(
                oldID: old.id, draft: draft, error: error, createdAt: self.clock.local(old.createdAt)))
    }

    package func node(_ old: OldNode) -> Result<ImportStore.NodeEntry, NotTaken.Reason> {
        guard !old.key.isEmpty else { return .failure(.noKey) }
        guard !old.id.isEmpty, old.id != NodeID.server.rawValue else { return .failure(.reservedName) }
        let draft = NodeStore.Draft(
            name: Self.line(old.name) ?? old.id, url: old.url, model: Self.line(old.model),
            backend: Self.line(old.backend), priority: min(max(old.priority ?? 10, -1_000_000), 1_000_000))
        return .success(
            ImportStore.NodeEntry(
                id: NodeID(old.id), draft: draft, key: old.key, lastHeartbeatAt: self.clock.local(old.lastHeartbeat),
                createdAt: self.clock.local(old.createdAt)))
    }

    /// What an open job comes to for an episode whose files are known.
    ///
    /// A job that a node holds is queued again, and the node may go on with it: its next heartbeat names the job.
    package func job(
        _ old: OldJob, hasAudio: Bool, hasAddress: Bool, hasPublished: Bool = false
    ) -> Result<ImportStore.JobEntry, NotTaken.Reason> {
        let kind: JobKind
        switch old.kind {
        case "download": kind = .download
        case "transcribe": kind = hasAudio ? .transcribe : .download
        case "transcript_download":
            guard hasPublished else { return .failure(.publisherTranscript) }
            kind = .transcriptDownload
        case "embed": return .failure(.embedding)
        default: return .failure(.unknownKind)
        }
        guard kind != .download || hasAddress else { return .failure(.nothingToWorkOn) }
        let isRunning = old.status == "running"
        let maximum = min(max(old.maxAttempts ?? Job.defaultMaxAttempts, 1), 1000)
        // The try that was interrupted by the move was nobody's fault; nor does a move leave a job that nobody may take.
        let tries = max(0, (old.attempts ?? 0) - (isRunning ? 1 : 0))
        var held: ImportStore.JobEntry.Holder?
        if isRunning, kind.rawValue == old.kind, kind == .transcribe, let node = old.nodeID, !node.isEmpty {
            held = .init(node: NodeID(node), since: self.clock.local(old.claimedAt))
        }
        return .success(
            ImportStore.JobEntry(
                oldID: old.id, kind: kind, followUp: kind == .download ? .transcribe : nil,
                priority: min(max(old.priority ?? 10, -1_000_000), 1_000_000),
                attempts: tries < maximum ? tries : 0, maxAttempts: maximum, error: Self.line(old.error),
                notBefore: isRunning ? nil : self.clock.local(old.nextRetryAt),
                scheduledAt: self.clock.local(old.scheduledAt), createdAt: self.clock.local(old.createdAt),
                holder: held))
    }

    /// Whether a setting of the existing server names a folder of its machine.
    func isOwnPlace(_ name: String) -> Bool { ["storage_path", "temp_download_path"].contains(name) }

    /// A setting's value for people, unless its name says that it is a secret.
    static func shown(_ setting: OldSetting) -> String {
        let isSecret = ["key", "token", "secret", "password", "topic"].contains {
            setting.key.lowercased().contains($0)
        }
        return isSecret ? "(not shown)" : String((Self.line(setting.value) ?? "").prefix(200))
    }

    /// What the publisher offers, as the existing server saw it; the next refresh says it again.
    private static func published(_ old: OldEpisode) -> [PublishedTranscript] {
        guard let url = Self.webAddress(old.transcriptURL) else { return [] }
        return [PublishedTranscript(url: url, type: String((Self.line(old.transcriptType) ?? "").prefix(100)))]
    }

    private func text(_ html: String?) -> String? {
        guard let html else { return nil }
        let text = self.plainText(html).trimmingCharacters(in: .whitespacesAndNewlines)
        return text.isEmpty ? nil : text
    }

    /// Text on one line without control characters; nil when nothing is left.
    static func line(_ text: String?) -> String? {
        guard let text else { return nil }
        var line = ""
        for scalar in text.unicodeScalars {
            let isSpace = scalar.properties.isWhitespace || scalar.properties.generalCategory == .control
            if !isSpace {
                line.unicodeScalars.append(scalar)
            } else if !line.isEmpty, !line.hasSuffix(" ") {
                line.append(" ")
            }
        }
        if line.hasSuffix(" ") { line.removeLast() }
        return line.isEmpty ? nil : line
    }

    /// An address that may be fetched or shown as a link; everything else stays behind.
    static func webAddress(_ text: String?) -> String? {
        let text = (text ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
        guard !text.isEmpty, text.utf8.count <= 8192,
            !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }),
            let url = URL(string: text), ["http", "https"].contains(url.scheme?.lowercased() ?? ""),
            let host = url.host, !host.isEmpty
        else { return nil }
        return text
    }

    /// The list of texts that the existing server writes; anything else is none.
    static func categories(_ json: String?) -> [String] {
        guard let json, json.utf8.count <= 65_536 else { return [] }
        // The decoder ends the process on what nests deeper than it allows; a list of texts nests once.
        let opened = json.utf8.count { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "{") }
        guard opened <= 100, let list = try? JSONDecoder().decode([String].self, from: Data(json.utf8)) else {
            return []
        }
        return list.compactMap(Self.line).prefix(50).map { String($0.prefix(200)) }
    }
}
