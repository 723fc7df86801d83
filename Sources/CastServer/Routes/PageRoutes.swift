import Hummingbird

struct PageRoutes: Sendable {
    let parts: ServerParts
    let pages: Pages
    func add(to router: Router<AppContext>) {}
}
struct Pages: ErrorPage {
    init() throws {}
    func error(status: Int, sentence: String) -> String { sentence }
}
