import CastCore
package import Foundation
import Mustache

/// Renders the web pages: a view's plain values in, HTML out.
///
/// Everything from outside is escaped: no template has a place that is not.
package struct Pages: Sendable {
    /// What a template fills its places with; a value that is not there is `false`, never absent, since a template
    /// would look for an absent one in what is around it.
    typealias Fields = [String: Any]

    let zone: TimeZone
    private let library: MustacheLibrary
    private let styleAddress: String
    private let scriptAddress: String
    private let iconAddress: String

    /// Reads all templates; times of day are shown in `zone`.
    ///
    /// Throws when one is broken or names another that does not exist, so that this shows at start.
    package init(zone: TimeZone = .current) throws { try self.init(zone: zone, templates: PageFiles.templates) }

    package init(zone: TimeZone = .current, templates: [String: String]) throws {
        self.zone = zone
        self.styleAddress = try PageFiles.address("app.css")
        self.scriptAddress = try PageFiles.address("app.js")
        self.iconAddress = try PageFiles.address("icon.svg")
        self.library = try Self.library(templates)
    }

    private static func library(_ templates: [String: String]) throws -> MustacheLibrary {
        var library = MustacheLibrary()
        for (name, text) in templates {
            do {
                try library.register(text, named: name)
            } catch {
                throw CastError(.internalFault, "The template \(name) is broken.", cause: error)
            }
            for used in Self.partials(of: text) where templates[used] == nil {
                throw CastError(.internalFault, "The template \(name) uses \(used), which is not there.")
            }
            if text.contains("{{{") || text.contains("{{&") {
                throw CastError(.internalFault, "The template \(name) has a place that is not escaped.")
            }
        }
        for name in Self.needed where templates[name] == nil {
            throw CastError(.internalFault, "The template \(name) is not there.")
        }
        return library
    }

    private static let needed = [
        "layout", "home", "feed", "episode", "error", "search", "queue", "cancel-waiting", "settings", "pods",
        "end-pods",
    ]

    /// The templates that one asks for: `{{>name}}` and `{{<name}}`.
    ///
    /// Without a regular expression: that took a tenth of a second of each start.
    private static func partials(of text: String) -> [String] {
        text.components(separatedBy: "{{").dropFirst().compactMap { tag in
            let inner = tag.drop(while: \.isWhitespace)
            guard let sign = inner.first, sign == ">" || sign == "<" else { return nil }
            return String(inner.dropFirst().drop(while: \.isWhitespace).prefix { $0.isLetter || $0 == "-" })
        }
    }

    /// A page that says what went wrong.
    package func error(status: Int, sentence: String) -> String {
        let heading =
            switch status {
            case 404, 410: "Nothing here"
            case 401, 403: "Not allowed"
            case 400..<500: "That did not work"
            default: "Something broke"
            }
        return self.render("error", heading, ["status": status, "heading": heading, "sentence": sentence])
    }

    /// A page that every page leads to.
    enum Place: Sendable {
        case search
        case queue
        case settings

        var name: String {
            switch self {
            case .search: "Search"
            case .queue: "Queue"
            case .settings: "Settings"
            }
        }

        var address: String {
            switch self {
            case .search: "/search"
            case .queue: "/queue"
            case .settings: "/settings"
            }
        }
    }

    /// Renders a template within the layout.
    func render(
        _ template: String, _ title: String, _ fields: Fields, crumbs: [(name: String, address: String)] = [],
        place: Place? = nil, isActive: Bool = false, announcement: String = ""
    ) -> String {
        var all = fields
        all["pageTitle"] = title == "cast2md" ? title : "\(title) · cast2md"
        all["styleAddress"] = self.styleAddress
        all["scriptAddress"] = self.scriptAddress
        all["iconAddress"] = self.iconAddress
        all["hasCrumbs"] = !crumbs.isEmpty
        all["crumbs"] = crumbs.map { ["name": $0.name, "address": $0.address] as Fields }
        all["places"] = [Place.queue, .settings].map { other in
            ["name": other.name, "address": other.address, "isHere": other == place] as Fields
        }
        // The search page has a field of its own, with more to choose.
        all["hasHeadSearch"] = place != .search
        all["active"] = isActive
        all["announcement"] = announcement
        all["version"] = castVersion
        // Every name that is rendered was there when this was made.
        return self.library.render(all, withTemplate: template) ?? ""
    }
}

extension Optional {
    /// The value, or `false`: what a template takes for not there.
    var orFalse: Any { self.map { $0 as Any } ?? false }
}
