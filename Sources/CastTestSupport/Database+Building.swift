package import CastCore
package import CastStore
package import Foundation

extension Database {
    /// A feed with so many episodes, named `Episode 1` …, a day apart, the last one newest.
    ///
    /// - Parameter withAudio: Whether the episodes' audio counts as being here; no file is made.
    package func makeFeed(
        _ title: String = "Pilots", url: String = "https://pilots.example/feed.xml", episodes count: Int = 1,
        withAudio: Bool = false, at now: Date
    ) async throws -> (feed: Feed, episodes: [Episode]) {
        let drafts = (1...max(1, count)).prefix(count).map { number in
            EpisodeDraft(
                guid: "episode-\(number)", title: "Episode \(number)", audioURL: "https://pilots.example/\(number).mp3",
                publishedAt: now - Double(count - number) * 86_400)
        }
        let feed = try await self.feeds.add(url: url, draft: FeedDraft(title: title), episodes: drafts, at: now)
        let episodes = try await self.episodes.list(feed: feed.id, limit: max(1, count)).episodes.reversed()
        if withAudio {
            for episode in episodes {
                try await self.episodes.setAudio(
                    episode.id, path: "\(feed.folder)/audio/\(episode.stem).mp3", size: 1000, duration: 60, at: now)
            }
        }
        return (feed, Array(episodes))
    }

    /// Registers a node under the key `key-<name>`.
    package func makeNode(_ name: String, at now: Date) async throws -> Node {
        try await self.nodes.register(
            NodeStore.Draft(name: name, url: "http://localhost:8001", model: "base", backend: "whisper"),
            newID: NodeID("node-\(name)"), key: "key-\(name)", heartbeatTimeout: 60, at: now
        ).node
    }
}
