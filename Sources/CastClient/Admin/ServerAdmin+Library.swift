package import CastAPI
package import CastCore
import Foundation

/// Search, transcripts, a feed's own settings.
extension ServerAdmin {
    package func search(_ words: String, feed: FeedID?, limit: Int) async throws -> WholeSearchResponse {
        var path = "/api/search?q=\(CastClient.segment(words))&limit=\(limit)"
        if let feed { path += "&feed_id=\(feed)" }
        return try await self.client.get(path, as: WholeSearchResponse.self)
    }

    /// An episode's transcript in a format.
    package func transcript(of id: EpisodeID, as format: TranscriptFormat) async throws -> String {
        try await self.client.text("/api/episodes/\(id)/transcript?format=\(format.rawValue)")
    }

    /// One page of the episodes of a feed that have a transcript.
    package func transcribed(feed: FeedID, cursor: String?, limit: Int) async throws -> EpisodeListResponse {
        let place = cursor.map { "&cursor=\(CastClient.segment($0))" } ?? ""
        return try await self.client.get(
            "/api/feeds/\(feed)/episodes?status=completed&limit=\(limit)\(place)", as: EpisodeListResponse.self)
    }

    /// Changes some of a feed's settings; null takes one away.
    package func changeFeed(_ id: FeedID, _ changes: [String: JSONValue]) async throws -> FeedMessage {
        try await self.client.patch("/api/feeds/\(id)", changes, as: FeedMessage.self)
    }
}
