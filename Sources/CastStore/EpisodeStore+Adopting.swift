import CastCore
import GRDB

extension EpisodeStore {
    /// Gives imported episodes the names that this server gives them, so that a refresh knows them again.
    ///
    /// The existing server called an episode without a guid by its audio's address as it stands; here it is `url:` and the
    /// address. Where the publisher's own guid is that address, the feed says so, and the name stays.
    static func adopt(_ db: GRDB.Database, _ drafts: [EpisodeDraft], of feed: FeedID) throws {
        let statement = try db.cachedStatement(
            sql: """
                UPDATE episode SET guid = :new WHERE feedID = :feed AND guid = :old
                AND NOT EXISTS (SELECT 1 FROM episode WHERE feedID = :feed AND guid = :new)
                """)
        let own = Set(drafts.map(\.guid))
        for draft in drafts where draft.guid.hasPrefix("url:") {
            let old = String(draft.guid.dropFirst(4))
            if own.contains(old) { continue }
            try statement.execute(arguments: ["new": draft.guid, "old": old, "feed": feed.rawValue])
        }
    }
}
