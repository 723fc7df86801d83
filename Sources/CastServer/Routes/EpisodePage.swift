import CastAPI
import CastCore
import CastStore
import Foundation
import Hummingbird

/// A page of a list of episodes, by cursor or, as the existing server has it, by offset.
struct EpisodePage: Sendable {
    private enum Flag: String, CaseIterable {
        case yes = "true"
        case no = "false"
    }

    let parts: ServerParts

    /// Reads `status`, `doubtful`, `limit`, `cursor` and `offset` of the request.
    func list(
        _ request: Request, feed: FeedID?, state given: EpisodeState? = nil, standardLimit: Int
    ) async throws -> EpisodeListResponse {
        let (limit, offset) = try together(
            Result { try request.queryInt("limit", default: standardLimit, in: 1...1000) },
            Result { try request.queryInt("offset", default: 0, in: 0...10_000_000) })
        let state = try given ?? request.queryEnum("status", as: "a status", of: EpisodeState.self)
        let onlyDoubtful = try request.queryEnum("doubtful", as: "an answer", of: Flag.self) == .yes
        let cursor = try request.queryString("cursor").map(Self.cursor)
        let (counted, total) = try await self.parts.database.episodes.list(
            feed: feed, state: state, onlyDoubtful: onlyDoubtful, limit: cursor == nil ? limit : 0, offset: offset)
        let episodes =
            if let cursor {
                try await self.parts.database.episodes.page(
                    feed: feed, state: state, onlyDoubtful: onlyDoubtful, after: cursor, limit: limit)
            } else { counted }
        let next = episodes.count == limit ? episodes.last.map(Self.text) : nil
        return EpisodeListResponse(
            try await self.parts.messages(of: episodes), total: total, nextCursor: next)
    }

    private static func text(_ episode: Episode) -> String {
        let date = episode.publishedAt.map { String($0.timeIntervalSince1970.bitPattern, radix: 36) } ?? "0"
        return "\(date).\(episode.id)"
    }

    private static func cursor(_ text: String) throws -> EpisodeStore.Cursor {
        let parts = text.split(separator: ".")
        guard parts.count == 2, let id = Int64(parts[1]), let bits = UInt64(parts[0], radix: 36) else {
            throw CastError(.invalid, "The cursor is not one that this server gave; begin without one.")
        }
        let seconds = Double(bitPattern: bits)
        return EpisodeStore.Cursor(
            publishedAt: bits == 0 || !seconds.isFinite ? nil : Date(timeIntervalSince1970: seconds),
            id: EpisodeID(id))
    }
}
