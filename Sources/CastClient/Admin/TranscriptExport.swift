package import CastAPI
package import CastCore
package import Foundation

/// Writes all transcripts of a feed into a folder; what is there already is passed over, so that it can be repeated.
package struct TranscriptExport: Sendable {
    /// What came of one episode.
    package struct Outcome: Sendable, Encodable, Equatable {
        package enum Result: String, Sendable, Encodable {
            case written
            /// It was there, and is not older than the episode.
            case kept
            case failed
        }

        package var episode: EpisodeID
        package var file: String
        package var result: Result
        package var error: String?
        /// A `CastError.Code`.
        package var code: String?

        package var errorCode: CastError.Code? { self.code.flatMap(CastError.Code.init(rawValue:)) }
    }

    private let page: @Sendable (_ cursor: String?) async throws -> EpisodeListResponse
    private let transcript: @Sendable (EpisodeID) async throws -> String
    private let format: TranscriptFormat

    /// - Parameters:
    ///   - page: One page of the feed's episodes that have a transcript, and the cursor of the next.
    ///   - transcript: An episode's transcript in the format.
    package init(
        format: TranscriptFormat, page: @escaping @Sendable (_ cursor: String?) async throws -> EpisodeListResponse,
        transcript: @escaping @Sendable (EpisodeID) async throws -> String
    ) {
        self.format = format
        self.page = page
        self.transcript = transcript
    }

    /// The export of a feed from a server.
    package init(_ admin: ServerAdmin, feed: FeedID, format: TranscriptFormat) {
        self.init(
            format: format, page: { try await admin.transcribed(feed: feed, cursor: $0, limit: 500) },
            transcript: { try await admin.transcript(of: $0, as: format) })
    }

    /// - Parameter onOutcome: Called after each episode.
    /// - Throws: When the list cannot be had, the folder not be written to, or the server falls silent. An episode that the
    ///   server refuses is an outcome, and the others go on.
    package func write(to folder: URL, onOutcome: (Outcome) -> Void) async throws {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw CastError(.unavailable, "The folder \(folder.path) cannot be made.", cause: error)
        }
        var cursor: String?
        var seen: Set<String> = []
        repeat {
            let page = try await self.page(cursor)
            for episode in page.episodes where episode.transcriptPath != nil {
                onOutcome(try await self.write(episode, to: folder))
            }
            cursor = page.nextCursor
            // A server that leads in a circle would be followed for ever.
            if let cursor, !seen.insert(cursor).inserted { return }
        } while cursor != nil
    }

    private func write(_ episode: EpisodeMessage, to folder: URL) async throws -> Outcome {
        let file = folder.appendingPathComponent(self.name(of: episode), isDirectory: false)
        var outcome = Outcome(episode: episode.id, file: file.path, result: .kept)
        if Self.isCurrent(file, episode) { return outcome }
        let text: String
        do {
            text = try await self.transcript(episode.id)
        } catch let error as CastError where error.answeredStatus != nil {
            outcome.result = .failed
            outcome.error = error.message
            outcome.code = error.code.rawValue
            return outcome
        }
        do {
            try Data(text.utf8).write(to: file, options: .atomic)
        } catch {
            throw CastError(.unavailable, "\(file.path) cannot be written.", cause: error)
        }
        outcome.result = .written
        return outcome
    }

    /// The server's own name of the transcript; only its last part, whatever a server says.
    private func name(of episode: EpisodeMessage) -> String {
        let path = episode.transcriptPath ?? ""
        let stem = ((path as NSString).lastPathComponent as NSString).deletingPathExtension
        return "\(StorageName.safe(stem)).\(self.format.fileExtension)"
    }

    private static func isCurrent(_ file: URL, _ episode: EpisodeMessage) -> Bool {
        guard let facts = try? FileManager.default.attributesOfItem(atPath: file.path),
            let date = facts[.modificationDate] as? Date
        else { return false }
        return date >= episode.updatedAt.date
    }
}
