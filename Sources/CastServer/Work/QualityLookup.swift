import CastAPI
import CastCore
import CastStore

/// What is known of the quality of transcripts, looked up for many at once.
extension ServerParts {
    /// Episodes as the API has them.
    func messages(of episodes: [Episode]) async throws -> [EpisodeMessage] {
        let ids = episodes.filter { $0.transcriptPath != nil }.map(\.id)
        let qualities = try await self.database.episodes.qualities(of: ids)
        let tries = try await self.database.episodes.secondTries(of: ids)
        return episodes.map {
            EpisodeMessage($0, quality: qualities[$0.id], secondTry: tries[$0.id], place: self.place)
        }
    }

    /// The second tries that some of the jobs are, by episode.
    func secondTries(of jobs: [Job]) async throws -> [EpisodeID: SecondTry] {
        let ids = jobs.filter(\.isSecondTry).map(\.episodeID)
        return ids.isEmpty ? [:] : try await self.database.episodes.secondTries(of: ids)
    }

    /// The models of the nodes that are there; nil for one that does not say.
    func connectedModels() async throws -> [String?] {
        try await self.database.nodes.list().filter { self.status(of: $0) != .offline }.map(\.model)
    }
}
