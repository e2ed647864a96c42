/** What the query page opens with: works without signing in, on the sample and on an empty log. */
export const FIRST_QUERY = `# The Interregional Committee, as it stands now.
# Try: committee(asOf: "2020-01-20T12:00:00Z"), what was known then.
query Board {
  committee {
    position
    time
    name
    regions(first: 20, filter: { membership: MEMBER }) {
      edges { node { name country population } }
    }
    recommendations(first: 10, filter: { state: ADOPTED }) {
      edges {
        node {
          title
          ballots { outcome proof { sentence } tally { inFavour against } }
        }
      }
    }
    board { total { openBallots recommendations { state count } } }
  }
}

# Follow it live; press play and choose "Live".
subscription Live {
  committee(after: "0", latest: true) {
    position
    time
    board { total { openBallots } }
  }
}
`;
