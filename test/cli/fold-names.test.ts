import { foldNames } from '../../clients/cli/targets/fold-names';

test.each([
  [['web1', 'web2', 'web3'], 'web[1-3]'],
  [['web1', 'web40', 'web2', 'web42', 'web41'], 'web[1-2,40-42]'],
  [['web1.example.com', 'web2.example.com'], 'web[1-2].example.com'],
  [['127.0.0.2', '127.0.0.3', '127.0.1.3'], '127.0.0.[2-3],127.0.1.3'],
  [['node01', 'node02', 'node10'], 'node[01-02,10]'],
  [['node9', 'node10'], 'node[9-10]'],
  [['node09', 'node10', 'node1'], 'node[1,09-10]'],
  [['db', 'web1', 'cache'], 'web1,db,cache'],
  [['web1', 'web1'], 'web[1]'],
  [[], ''],
])('P115: %j is %s', (names, expected) => {
  expect(foldNames(names)).toBe(expected);
});
